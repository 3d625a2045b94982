import { Kafka, logLevel } from 'kafkajs';
import { topicNamesOf } from '../../../src/cluster/topic-names.ts';

/** What a region says became of its events. */
export interface Books {
  /** Messages in the topic of events. */
  readonly messages: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** Reads the region's committed counts of verdicts from their beginning. */
export async function committedBooks(broker: string, region: string): Promise<Books> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const { events, verdicts: topic } = topicNamesOf(region);
  const admin = kafka.admin();
  await admin.connect();
  const messages = span(await admin.fetchTopicOffsets(events));
  const ends = await admin.fetchTopicOffsets(topic);
  const latest = new Map<string, { verdict: string; count: number; kind: string }>();
  const groupId = `books-${process.pid}-${Date.now()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const missing = new Set(ends.filter(({ low, high }) => low !== high).map(({ partition }) => partition));
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const end = ends.find(({ partition }) => partition === payload.partition)!;
      // The last offset may be the mark of a transaction, which no reader gets.
      if (BigInt(payload.lastOffset) + 2n >= BigInt(end.high)) missing.delete(payload.partition);
      if (missing.size === 0) resolve();
    });
    if (missing.size === 0) resolve();
    void consumer.run({
      eachMessage: ({ message }) => {
        latest.set(message.key!.toString(), JSON.parse(message.value!.toString()) as never);
        return Promise.resolve();
      },
    });
  });
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
