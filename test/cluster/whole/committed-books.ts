import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { topicNamesOf } from '../../../src/cluster/topic-names.ts';

/** What a region says became of its events. */
export interface Books {
  /** Messages in the topic of events. */
  readonly messages: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** Nothing more comes once nothing has come for so long. */
const IDLE_MS = 2000;

/** Reads the region's committed counts of verdicts from their beginning. */
export async function committedBooks(broker: string, region: string): Promise<Books> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const { events, verdicts: topic } = topicNamesOf(region);
  const admin = kafka.admin();
  await admin.connect();
  const messages = span(await admin.fetchTopicOffsets(events));
  const latest = new Map<string, { verdict: string; count: number; kind: string }>();
  const groupId = `books-${process.pid}-${Date.now()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let idleSinceMs = Number.POSITIVE_INFINITY;
  consumer.on(consumer.events.GROUP_JOIN, () => (idleSinceMs = performance.now()));
  await consumer.run({
    eachMessage: ({ message }) => {
      idleSinceMs = performance.now();
      latest.set(message.key!.toString(), JSON.parse(message.value!.toString()) as never);
      return Promise.resolve();
    },
  });
  // Behind the last message there may be marks of transactions, which no reader gets: so its offset does not tell the end.
  while (!(performance.now() - idleSinceMs > IDLE_MS)) await sleep(50);
  await consumer.disconnect();
  await admin.deleteGroups([groupId]).catch(() => undefined);
  await admin.disconnect();
  const verdicts: Record<string, number> = {};
  for (const { kind, verdict, count } of latest.values())
    if (kind === 'event') verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
  return { messages, verdicts };
}

function span(offsets: readonly { readonly low: string; readonly high: string }[]): number {
  return offsets.reduce((sum, { low, high }) => sum + Number(BigInt(high) - BigInt(low)), 0);
}
