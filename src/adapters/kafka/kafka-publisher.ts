import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';
import { assert } from '../../base/assert.ts';
import type { KafkaPublisher, TopicMessages } from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient, REQUEST_TIMEOUT_MS } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';
import { assertAllWritten, Partitioner } from './partitioned.ts';

const COMPRESSIONS = {
  none: kafkajs.CompressionTypes.None,
  gzip: kafkajs.CompressionTypes.GZIP,
  zstd: kafkajs.CompressionTypes.ZSTD,
} as const;
export type Compression = keyof typeof COMPRESSIONS;

/** Connects at its first use. */
export function openKafkaPublisher(address: KafkaAddress, compression: Compression = 'none'): KafkaPublisher {
  return new IdempotentPublisher(kafkaClient(address), compression);
}

class IdempotentPublisher implements KafkaPublisher {
  readonly #kafka: Kafka;
  readonly #compression: Compression;
  readonly #admin: Admin;
  readonly #partitioner: Partitioner;
  #connecting: Promise<void> | undefined;
  #producer: Promise<Producer> | undefined;
  #isPublishing = false;

  constructor(kafka: Kafka, compression: Compression) {
    this.#kafka = kafka;
    this.#compression = compression;
    this.#admin = kafka.admin();
    this.#partitioner = new Partitioner(this.#admin);
  }

  async publish(batch: readonly TopicMessages[]): Promise<void> {
    assert(!this.#isPublishing, 'one batch is published at a time');
    this.#isPublishing = true;
    try {
      await this.#connect();
      const { topicMessages, partitions } = await this.#partitioner.divide(batch);
      const producer = await (this.#producer ??= this.#newProducer());
      const written = await producer.sendBatch({
        acks: -1,
        timeout: REQUEST_TIMEOUT_MS,
        compression: COMPRESSIONS[this.#compression],
        topicMessages,
      });
      assertAllWritten(written, partitions);
    } catch (error) {
      this.#abandonProducer();
      throw kafkaError(error, 'take in the messages');
    } finally {
      this.#isPublishing = false;
    }
  }

  async check(topics: readonly string[]): Promise<void> {
    try {
      await this.#connect();
      await this.#partitioner.refresh(topics);
    } catch (error) {
      throw kafkaError(error, 'answer');
    }
  }

  async close(): Promise<void> {
    this.#abandonProducer();
    await this.#admin.disconnect().catch(() => undefined);
  }

  #connect(): Promise<void> {
    return (this.#connecting ??= this.#admin.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    }));
  }

  async #newProducer(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }

  /**
   * After a failure nobody knows whether Kafka has the batch. kafkajs would give its sequence numbers to the next one, and Kafka,
   * should it have the first, would drop the second and say that all is well. A new producer has numbers of its own.
   */
  #abandonProducer(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    void producer?.then((it) => it.disconnect()).catch(() => undefined);
  }
}
