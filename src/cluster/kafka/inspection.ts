import type { UnixMs } from '../../base/clock.ts';
import type { NextOffset } from './ports.ts';

/** A partition of a topic, and how far readers may read of it. */
export interface PartitionEnds {
  readonly topic: string;
  readonly partition: number;
  /** Of the first message kept. */
  readonly first: bigint;
  /** Up to here, exclusive, whoever reads committed messages gets. */
  readonly lastStable: bigint;
  /** Behind all that was written; further than `lastStable` while a transaction is open. */
  readonly end: bigint;
}

/** A transaction that is neither committed nor aborted. */
export interface OpenTransaction {
  readonly transactionalId: string;
  readonly startedAt: UnixMs;
  /** `TOPIC/PARTITION`. */
  readonly partitions: readonly string[];
}

/** Where a group of readers goes on. */
export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  /** Null where it has committed none. */
  readonly offset: bigint | null;
}

/** Looks into a Kafka and changes nothing. Every call rejects with AdtallyError kafka_unreachable. */
export interface KafkaInspection {
  ends(topics: readonly string[]): Promise<PartitionEnds[]>;
  openTransactions(): Promise<OpenTransaction[]>;
  groupOffsets(group: string, topics: readonly string[]): Promise<GroupOffset[]>;
  /**
   * Whether readers of committed messages get one from `from` to `to`, exclusive, or may get one once a transaction has ended: the ends of
   * transactions take offsets, too, and so does what was aborted.
   */
  holdsMessages(from: NextOffset, to: bigint): Promise<boolean>;
  /** Whether every broker knows how to list and to describe transactions (Kafka 3.0). */
  listsTransactions(): Promise<boolean>;
  close(): Promise<void>;
}
