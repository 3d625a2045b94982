import { AdtallyError } from '../../../src/base/errors.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type {
  CheckpointFiles,
  CommitterCounts,
  FlinkJob,
  FlinkOverview,
  JobCheckpoints,
  JobManager,
  RestoredCheckpoint,
  SqlGateway,
  SqlOutcome,
} from '../../../src/cluster/jobs/ports.ts';

/** Flink as applyJobs sees it: jobs with names and states, savepoints and checkpoints as paths. */
export class FakeFlink implements SqlGateway, JobManager, CheckpointFiles {
  readonly listed: { id: string; name: string; state: string; startedAt: number }[] = [];
  readonly settings: Record<string, string>[] = [];
  readonly did: string[] = [];
  /** Newest complete checkpoint by directory. */
  readonly complete = new Map<string, string>();
  /** The state that the next job takes, and why. */
  nextState = 'RUNNING';
  reason: string | null = null;
  stopFault: string | null = null;
  /** Of every job: when it was restored, and when that checkpoint was completed. */
  restored: RestoredCheckpoint | null = null;
  completed: number | undefined;
  /** From when on jobs have checkpoints. */
  checkpointedFrom = 0;
  /** Transactions given up as lost, by job. */
  readonly failedCommits = new Map<string, number>();
  /** From when on a job that is cancelled has ended. */
  endedFrom = 0;
  now = 0;

  readonly clock: Clock = {
    now: () => this.now,
    monotonicMs: () => this.now,
    after: (delayMs, action) => {
      this.now += delayMs;
      queueMicrotask(action);
      return () => undefined;
    },
    turn: () => Promise.resolve(),
  };

  get services(): { sql: SqlGateway; jobManager: JobManager; files: CheckpointFiles; clock: Clock } {
    return { sql: this, jobManager: this, files: this, clock: this.clock };
  }

  run(settings: Readonly<Record<string, string>>): Promise<SqlOutcome> {
    const id = `job-${this.listed.length + 1}`;
    const name = settings['pipeline.name'];
    this.settings.push(settings);
    this.did.push(`start ${name.split(' ')[0]}`);
    this.listed.push({ id, name, state: this.nextState, startedAt: this.listed.length });
    return Promise.resolve({ jobId: id, rows: [] });
  }

  jobs(): Promise<readonly FlinkJob[]> {
    const stateOf = (state: string): string =>
      state === 'CANCELLING' && this.now >= this.endedFrom ? 'CANCELED' : state;
    return Promise.resolve(this.listed.map((job) => ({ ...job, state: stateOf(job.state) })));
  }

  checkpoints(): Promise<JobCheckpoints> {
    return Promise.resolve({
      completed: this.now < this.checkpointedFrom ? 0 : 3,
      failed: 0,
      latestAt: this.now,
      restored: this.restored,
    });
  }

  stopWithSavepoint(jobId: string, directory: string): Promise<string> {
    this.did.push(`stop ${jobId}`);
    if (this.stopFault !== null) return Promise.reject(new AdtallyError('job_failed', this.stopFault));
    this.end(jobId, 'FINISHED');
    return Promise.resolve(`${directory}/savepoint-1`);
  }

  cancel(jobId: string): Promise<void> {
    this.end(jobId, 'CANCELED');
    return Promise.resolve();
  }

  failure(): Promise<string | null> {
    return Promise.resolve(this.reason);
  }

  overview(): Promise<FlinkOverview> {
    return Promise.resolve({ version: '2.3.0', slots: 6, freeSlots: 6 - this.listed.length });
  }

  parallelism(): Promise<number> {
    return Promise.resolve(1);
  }

  committers(jobId: string): Promise<readonly CommitterCounts[]> {
    const failed = this.failedCommits.get(jobId) ?? 0;
    return Promise.resolve([{ sink: 'clean', startedAt: 0, failed, pending: 0 }]);
  }

  setting(name: string): Promise<string | undefined> {
    return Promise.resolve(name === 'execution.checkpointing.dir' ? 'file:///state/' : undefined);
  }

  completedAt(): Promise<number | undefined> {
    return Promise.resolve(this.completed);
  }

  newestComplete(directory: string): Promise<string | undefined> {
    return Promise.resolve(this.complete.get(directory));
  }

  end(jobId: string, state: string): void {
    this.listed.find(({ id }) => id === jobId)!.state = state;
  }
}
