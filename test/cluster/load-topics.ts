import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { RECORD_KINDS, type RecordKind, type RecordKinds } from '../../src/union-load/ports.ts';

/** Writes records into the load topics of a region in transactions, as the cluster’s jobs do. */
export class LoadTopics {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #region: string;
  /** Committed messages of each kind. */
  readonly committed: Record<RecordKind, number> = { 'ad-minutes': 0, 'attributed-orders': 0 };

  constructor(address: string, region: string) {
    this.#kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
    this.#region = region;
    this.#producer = this.#kafka.producer({
      idempotent: true,
      transactionalId: `test-${process.pid}`,
      maxInFlightRequests: 1,
    });
  }

  async open(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const topics = RECORD_KINDS.map((kind) => ({ topic: this.#topic(kind), numPartitions: 2 }));
    await admin.createTopics({ topics });
    await admin.disconnect();
    await this.#producer.connect();
  }

  /** One transaction. */
  async send<Kind extends RecordKind>(
    kind: Kind,
    records: readonly RecordKinds[Kind][],
    end: 'commit' | 'abort' = 'commit',
  ): Promise<void> {
    const transaction = await this.#producer.transaction();
    await transaction.send({
      topic: this.#topic(kind),
      compression: CompressionTypes.GZIP,
      messages: records.map((record) => ({ key: record.recordId, value: JSON.stringify(record) })),
    });
    await transaction[end]();
    if (end === 'commit') this.committed[kind] += records.length;
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }

  #topic(kind: RecordKind): string {
    return `${this.#region}.load.${kind}`;
  }
}
