import type { UnixMs } from '../../base/clock.ts';
import type { CommitterCounts, JobCheckpoints } from '../jobs/ports.ts';

/** How a cluster is at one moment. */
export interface Sample {
  readonly at: UnixMs;
  /** The same moment by the clock that never goes back. */
  readonly atMs: number;
  /** Of the cluster on this machine, those that were started and not stopped. */
  readonly processes: readonly ProcessSample[];
  /** Empty while Flink does not answer. */
  readonly jobs: readonly JobSample[];
  readonly topics: readonly TopicSample[];
  /** Servers that did not answer, and why. */
  readonly silent: readonly SilentServer[];
}

export interface ProcessSample {
  readonly name: string;
  /** `starting` is one that runs and does not answer, however long. */
  readonly state: 'ready' | 'starting' | 'down';
}

export interface JobSample {
  readonly name: string;
  /** `missing`: no version of it runs. */
  readonly state: string;
  readonly jobId: string | null;
  /** How many of them run; more than one end each other's transactions. */
  readonly copies: number;
  /** Since when it runs; null when it does not. */
  readonly startedAt: UnixMs | null;
  readonly checkpointIntervalMs: number;
  readonly checkpoints: JobCheckpoints | null;
  readonly failure: string | null;
  /** When the checkpoint that it went on from was completed; null where there is none, or that is not known. */
  readonly restoredCheckpointAt: UnixMs | null;
  readonly committers: readonly CommitterSample[];
  /** Messages that it has not read yet; null where Kafka did not say. */
  readonly lagMessages: number | null;
  /** Messages that left Kafka before it read them. */
  readonly missedMessages: number;
}

export interface CommitterSample extends CommitterCounts {
  /** Kafka aborts a transaction of it that has been open for so long. */
  readonly transactionTimeoutMs: number;
}

/** A topic that jobs write or read. */
export interface TopicSample {
  readonly region: string;
  readonly name: string;
  readonly partitions: readonly PartitionSample[];
}

export interface PartitionSample {
  readonly partition: number;
  readonly lastStable: bigint;
  readonly end: bigint;
  /** Transactions that are open on it, the oldest first. */
  readonly open: readonly string[];
}

export interface SilentServer {
  /** "Flink", "Kafka of a". */
  readonly name: string;
  readonly reason: string;
}
