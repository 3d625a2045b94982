import { randomUUID } from 'node:crypto';
import type { Batch, IHeaders } from 'kafkajs';
import type { KafkaReader, Reading, ReceivedMessage } from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient, RETRY } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** How long Kafka waits for something new before it answers, ms. */
const WAIT_MS_MAX = 200;
/** The least that brokers allow: one that comes back may wait for so long for the member that this reader was before. */
const SESSION_MS = 6000;
const HEARTBEAT_MS = 2000;

/**
 * Reads every partition of the topics, for this process alone. The offsets are the caller's to keep: none is committed. When Kafka
 * was away it goes on where it was. Rejects with kafka_unreachable.
 */
export async function openKafkaReader(
  address: KafkaAddress,
  { topics, from = [], uncommitted = false, take, onProgress, onFailure }: Reading,
): Promise<KafkaReader> {
  const next = new Map(from.map((one) => [`${one.topic}/${one.partition}`, one]));
  let isClosed = false;
  const consumer = kafkaClient(address).consumer({
    // kafkajs reads in groups only; nobody else is in this one.
    groupId: `adtally-reader-${randomUUID()}`,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    readUncommitted: uncommitted,
    maxWaitTimeInMs: WAIT_MS_MAX,
    allowAutoTopicCreation: false,
    // One that is being started again when it is closed would go on for ever.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(!isClosed) },
  });
  consumer.on('consumer.fetch_start', () => {
    if (isClosed) void consumer.disconnect().catch(() => undefined);
  });
  // With each join of its group it would begin anew.
  consumer.on('consumer.group_join', () => {
    for (const { topic, partition, offset } of next.values())
      consumer.seek({ topic, partition, offset: String(offset) });
  });
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) onFailure(kafkaError(payload.error, 'give the messages'));
  });
  // Told of batches too that have nothing for the one who reads.
  consumer.on('consumer.end_batch_process', ({ payload: { topic, partition, lastOffset } }) => {
    const reached = { topic, partition, offset: BigInt(lastOffset) + 1n };
    next.set(`${topic}/${partition}`, reached);
    onProgress?.(reached);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: ({ batch }) => take(readBatch(batch)) });
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
