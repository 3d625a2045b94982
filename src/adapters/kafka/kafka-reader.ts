import { randomUUID } from 'node:crypto';
import type { Batch, IHeaders } from 'kafkajs';
import type { KafkaReader, Reading, ReceivedMessage } from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient, RETRY } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** How long Kafka waits for something new before it answers, ms. */
const WAIT_MS_MAX = 200;

/**
 * Reads every partition of the topics, for this process alone. The offsets are the caller's to keep: none is committed. Rejects
 * with kafka_unreachable.
 */
export async function openKafkaReader(
  address: KafkaAddress,
  { topics, from = [], uncommitted = false, take, onProgress, onFailure }: Reading,
): Promise<KafkaReader> {
  const first = new Map(from.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  let isClosed = false;
  const consumer = kafkaClient(address).consumer({
    // kafkajs reads in groups only; nobody else is in this one.
    groupId: `adtally-reader-${randomUUID()}`,
    readUncommitted: uncommitted,
    maxWaitTimeInMs: WAIT_MS_MAX,
    allowAutoTopicCreation: false,
    // One that is being started again when it is closed would go on for ever.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(!isClosed) },
  });
  consumer.on('consumer.fetch_start', () => {
    if (isClosed) void consumer.disconnect().catch(() => undefined);
  });
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) onFailure(kafkaError(payload.error, 'give the messages'));
  });
  if (onProgress !== undefined) {
    // Told of batches too that have nothing for the one who reads.
    consumer.on('consumer.end_batch_process', ({ payload: { topic, partition, lastOffset } }) =>
      onProgress({ topic, partition, offset: BigInt(lastOffset) + 1n }),
    );
  }
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const start = first.get(`${batch.topic}/${batch.partition}`) ?? 0n;
        const messages = readBatch(batch).filter(({ offset }) => offset >= start);
        if (messages.length > 0) await take(messages);
      },
    });
    for (const { topic, partition, offset } of from) {
      consumer.seek({ topic, partition, offset: String(offset) });
    }
  } catch (error) {
    await close().catch(() => undefined);
    throw kafkaError(error, 'give the messages');
  }
  return { close };

  function close(): Promise<void> {
    isClosed = true;
    return consumer.disconnect();
  }
}

function readBatch({ topic, partition, messages }: Batch): ReceivedMessage[] {
  return messages.map(({ offset, key, value, headers, timestamp }) => ({
    topic,
    partition,
    offset: BigInt(offset),
    key,
    value,
    headers: headersOf(headers),
    timestamp: Number(timestamp),
  }));
}

function headersOf(headers: IHeaders | undefined): Record<string, Uint8Array> {
  const entries = Object.entries(headers ?? {}).flatMap(([name, value]): [string, Uint8Array][] => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    return last === undefined ? [] : [[name, Buffer.from(last)]];
  });
  return Object.fromEntries(entries);
}
