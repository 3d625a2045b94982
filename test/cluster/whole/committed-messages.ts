import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaReader } from '../../../src/adapters/kafka/kafka-reader.ts';
import type { ReceivedMessage } from '../../../src/cluster/kafka/ports.ts';

/** Nothing more comes once nothing has come for so long: behind the last message there may be marks of transactions, which no reader gets. */
const IDLE_MS = 2000;

/** All that is committed in a topic. */
export async function committedMessages(broker: string, topic: string): Promise<ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  let idleSinceMs = performance.now();
  const reader = await openKafkaReader(
    { brokers: [broker], clientId: 'adtally-test' },
    {
      topics: [topic],
      take: (batch) => {
        messages.push(...batch);
        idleSinceMs = performance.now();
        return Promise.resolve();
      },
      onFailure: (error) => {
        throw error;
      },
    },
  );
  idleSinceMs = performance.now();
  while (performance.now() - idleSinceMs < IDLE_MS) await sleep(50);
  await reader.close();
  return messages;
}

export function jsonOf(message: ReceivedMessage): unknown {
  return JSON.parse(Buffer.from(message.value!).toString());
}
