import kafkajs, { type Admin, type Producer, type Transaction } from 'kafkajs';
import type {
  KafkaTransaction,
  KafkaTransactor,
  NextOffset,
  TopicMessages,
} from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient, REQUEST_TIMEOUT_MS } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';
import { assertAllWritten, Partitioner } from './partitioned.ts';

export interface TransactorOptions {
  /** Of two that are open with the same id the later one is the holder. */
  readonly transactionalId: string;
  /** After so long Kafka aborts a transaction by itself, ms; at most its `transaction.max.timeout.ms`. */
  readonly timeoutMs: number;
}

/** Takes over the transactional id: a transaction that another holder has open is aborted. Rejects with kafka_unreachable. */
export async function openKafkaTransactor(
  address: KafkaAddress,
  { transactionalId, timeoutMs }: TransactorOptions,
): Promise<KafkaTransactor> {
  const kafka = kafkaClient(address);
  const admin = kafka.admin();
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: timeoutMs,
    idempotent: true,
    // More than one at a time may change their order within a transaction.
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  try {
    await admin.connect();
    await producer.connect();
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw kafkaError(error, 'let a transaction begin');
  }
  return new Transactor(producer, admin);
}

class Transactor implements KafkaTransactor {
  readonly #producer: Producer;
  readonly #admin: Admin;
  readonly #partitioner: Partitioner;

  constructor(producer: Producer, admin: Admin) {
    this.#producer = producer;
    this.#admin = admin;
    this.#partitioner = new Partitioner(admin);
  }

  async begin(): Promise<KafkaTransaction> {
    try {
      return new OpenTransaction(await this.#producer.transaction(), this.#partitioner);
    } catch (error) {
      throw kafkaError(error, 'let a transaction begin');
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => undefined);
    await this.#admin.disconnect().catch(() => undefined);
  }
}

class OpenTransaction implements KafkaTransaction {
  readonly #transaction: Transaction;
  readonly #partitioner: Partitioner;

  constructor(transaction: Transaction, partitioner: Partitioner) {
    this.#transaction = transaction;
    this.#partitioner = partitioner;
  }

  async send(batch: readonly TopicMessages[]): Promise<void> {
    try {
      const { topicMessages, partitions } = await this.#partitioner.divide(batch);
      const written = await this.#transaction.sendBatch({
        acks: -1,
        timeout: REQUEST_TIMEOUT_MS,
        topicMessages,
      });
      assertAllWritten(written, partitions);
    } catch (error) {
      throw kafkaError(error, 'take in the messages of a transaction');
    }
  }

  async sendOffsets(group: string, offsets: readonly NextOffset[]): Promise<void> {
    const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, same]) => ({
      topic,
      partitions: same.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    try {
      await this.#transaction.sendOffsets({ consumerGroupId: group, topics });
    } catch (error) {
      throw kafkaError(error, 'take in the offsets of a transaction');
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#transaction.commit();
    } catch (error) {
      throw kafkaError(error, 'commit a transaction');
    }
  }

  async abort(): Promise<void> {
    try {
      await this.#transaction.abort();
    } catch (error) {
      throw kafkaError(error, 'abort a transaction');
    }
  }
}
