import type { UnixMs } from '../../base/clock.ts';

/**
 * Kafka as adtally needs it. What fails because Kafka does not answer, or not as it should, rejects with AdtallyError
 * kafka_unreachable; it may have been done all the same.
 */

export interface KafkaMessage {
  /** Messages of one key are in one partition; null for any partition. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, Uint8Array>>;
  readonly timestamp: UnixMs;
}

export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly KafkaMessage[];
}

/** Writes messages, each call once even when a request to Kafka must be repeated. */
export interface KafkaPublisher {
  /**
   * Resolves once every in-sync replica has all of the messages. When it rejects, any of them may be there. One call at a time.
   * All messages of a call that go to one partition must be within the topic's max.message.bytes.
   */
  publish(batch: readonly TopicMessages[]): Promise<void>;
  /** Resolves when Kafka answers and has the topics. */
  check(topics: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Where a reader of a group goes on. */
export interface NextOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Messages and offsets that become visible together, or not at all. */
export interface KafkaTransaction {
  send(batch: readonly TopicMessages[]): Promise<void>;
  sendOffsets(group: string, offsets: readonly NextOffset[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** The one holder of a transactional id: it takes the id over when it begins, and is fenced when another one does. */
export interface KafkaTransactor {
  /** One at a time. All methods of it reject with kafka_fenced once another holder of the id has begun. */
  begin(): Promise<KafkaTransaction>;
  close(): Promise<void>;
}

export interface ReceivedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>>;
  readonly timestamp: UnixMs;
}

/** What and from where to read, and who takes it. */
export interface Reading {
  readonly topics: readonly string[];
  /** Partitions not named are read from their begin. */
  readonly from?: readonly NextOffset[];
  /** Also what is not committed yet, or never will be. */
  readonly uncommitted?: boolean;
  /** Gets the messages of a partition in their order, a batch at a time; the next one comes when it has resolved. */
  readonly take: (messages: readonly ReceivedMessage[]) => Promise<void>;
  /** Hears where a partition is read on: after what was taken, and after what nobody gets, such as the ends of transactions. */
  readonly onProgress?: (next: NextOffset) => void;
  /** The reader has stopped by itself and reads no more. */
  readonly onFailure: (error: Error) => void;
}

export interface KafkaReader {
  close(): Promise<void>;
}

/** A topic as it is. */
export interface PresentTopic {
  readonly name: string;
  readonly partitions: number;
  /** The fewest of its partitions. */
  readonly replicas: number;
  /** Every setting in force, by its name in Kafka. */
  readonly config: Readonly<Record<string, string>>;
}

/** A topic as it is to be. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** What differs from Kafka's own defaults, by its name in Kafka. */
  readonly config: Readonly<Record<string, string>>;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** Of the first message kept. */
  readonly first: bigint;
  /** Up to here, exclusive, whoever reads committed messages gets. Transactions that hang hold it back. */
  readonly lastStable: bigint;
}

export interface KafkaAdmin {
  /** Those of `names` that exist. */
  topics(names: readonly string[]): Promise<PresentTopic[]>;
  /** How many brokers there are. */
  brokers(): Promise<number>;
  /** The longest that a broker lets a transaction last, ms: `transaction.max.timeout.ms`. */
  transactionMsMax(): Promise<number>;
  createTopic(topic: WantedTopic): Promise<void>;
  /** Makes it `partitions` in all. */
  addPartitions(topic: string, partitions: number): Promise<void>;
  /** Sets these settings, and keeps what else was set. */
  setConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
  /** Where the group has said it reads on; partitions of which it has said nothing are left out. */
  groupOffsets(group: string, topic: string): Promise<NextOffset[]>;
  close(): Promise<void>;
}
