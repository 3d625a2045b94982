import { openKafkaAdmin } from '../../../src/adapters/kafka/kafka-admin.ts';
import { topicNamesOf } from '../../../src/cluster/topic-names.ts';
import { committedMessages, jsonOf } from './committed-messages.ts';

/** What a region says became of its events. */
export interface Books {
  /** Messages in the topic of events. */
  readonly messages: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

interface Count {
  readonly verdict: string;
  readonly count: number;
  readonly kind: string;
}

/** Reads the region's committed counts of verdicts from their beginning. */
export async function committedBooks(broker: string, region: string): Promise<Books> {
  const { events, verdicts: topic } = topicNamesOf(region);
  const latest = new Map<string, Count>();
  for (const message of await committedMessages(broker, topic))
    latest.set(Buffer.from(message.key!).toString(), jsonOf(message) as Count);
  const verdicts: Record<string, number> = {};
  for (const { kind, verdict, count } of latest.values())
    if (kind === 'event') verdicts[verdict] = (verdicts[verdict] ?? 0) + count;
  return { messages: await messagesIn(broker, events), verdicts };
}

/** How many messages a topic holds. */
export async function messagesIn(broker: string, topic: string): Promise<number> {
  const admin = await openKafkaAdmin({ brokers: [broker], clientId: 'adtally-test' });
  try {
    const offsets = await admin.offsets(topic);
    return offsets.reduce((sum, { first, lastStable }) => sum + Number(lastStable - first), 0);
  } finally {
    await admin.close();
  }
}
