import type { UnixMs } from '../../base/clock.ts';

/** What came of statements that ran in one session. */
export interface SqlOutcome {
  /** The job that the last statement started; null when it started none. */
  readonly jobId: string | null;
  /** Rows of the last statement, a text or null for each column. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Flink's SQL gateway. */
export interface SqlGateway {
  /**
   * Runs statements one after the other in a session of their own. Rejects with AdtallyError job_failed, which names the
   * statement and the deepest cause, and with cluster_unreachable.
   */
  run(settings: Readonly<Record<string, string>>, statements: readonly string[]): Promise<SqlOutcome>;
}

/** A job as Flink's JobManager lists it. */
export interface FlinkJob {
  readonly id: string;
  readonly name: string;
  /** RUNNING, RESTARTING, FAILED and so on. */
  readonly state: string;
  readonly startedAt: UnixMs;
}

export interface JobCheckpoints {
  readonly completed: number;
  readonly failed: number;
  /** When the last one was completed; null when there is none. */
  readonly latestAt: UnixMs | null;
  /** Where the job, or its last restart, went on from; null when it began empty and was never restarted. */
  readonly restored: RestoredCheckpoint | null;
}

export interface RestoredCheckpoint {
  readonly at: UnixMs;
  /** A checkpoint or savepoint, as a URI. */
  readonly from: string;
}

/** What Flink is, and what it has room for. */
export interface FlinkOverview {
  readonly version: string;
  readonly slots: number;
  readonly freeSlots: number;
}

/** What a sink's committers have done since their tasks were started last: a restart of the job begins to count anew. */
export interface CommitterCounts {
  /** The table that it writes. */
  readonly sink: string;
  /** When its tasks were started last, long after a restart began where there was no slot for them. */
  readonly startedAt: UnixMs;
  /**
   * Transactions that could not be committed, over which the job goes on: lost, or, right after a restart, committed already before
   * it.
   */
  readonly failed: number;
  /** Waiting to be committed. */
  readonly pending: number;
}

/** Flink's JobManager. Every call rejects with AdtallyError cluster_unreachable when it does not answer. */
export interface JobManager {
  /** All jobs it knows, those that have ended included. */
  jobs(): Promise<readonly FlinkJob[]>;
  checkpoints(jobId: string): Promise<JobCheckpoints>;
  /** Stops a job with a savepoint under `directory`; resolves to where it is. Rejects with job_failed, and the job runs on. */
  stopWithSavepoint(jobId: string, directory: string): Promise<string>;
  /** Ends a job without one. */
  cancel(jobId: string): Promise<void>;
  /** Why a job failed last; null when it has not. */
  failure(jobId: string): Promise<string | null>;
  overview(): Promise<FlinkOverview>;
  /** Slots that a job holds: its widest operator. */
  parallelism(jobId: string): Promise<number>;
  committers(jobId: string): Promise<readonly CommitterCounts[]>;
  /** A value of its configuration. */
  setting(name: string): Promise<string | undefined>;
}

/** Checkpoints and savepoints as files. */
export interface CheckpointFiles {
  /** The newest complete one anywhere under `directory`, a URI; undefined when there is none. */
  newestComplete(directory: string): Promise<string | undefined>;
  /** When a checkpoint or savepoint was completed; undefined where that cannot be seen. */
  completedAt(path: string): Promise<UnixMs | undefined>;
}
