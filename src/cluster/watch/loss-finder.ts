import type { UnixMs } from '../../base/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import type { Loss } from './loss-book.ts';
import type { CommitterSample, JobSample } from './sample.ts';

/** So long after a restart what is counted may still come from it: tasks start one after the other, and Flink gathers counts now and then. */
const RESTART_SHOWS_MS = 2 * MINUTE_MS;
/** A transaction begins before the checkpoint that holds it, and tasks that are started take a while until they commit. */
const SLACK_MS = 30 * SECOND_MS;

/**
 * Finds what was lost among the commits that failed. After a restart Flink commits once more what the checkpoint holds, and fails
 * where that was committed before: it has lost nothing unless Kafka could have aborted the transaction meanwhile.
 */
export class LossFinder {
  /** By job and sink: of its latest run, commits that failed and meant nothing. */
  readonly #harmless = new Map<string, { readonly run: string; readonly count: number }>();

  /** What is lost by now in the runs that are looked at. */
  find(jobs: readonly JobSample[], at: UnixMs): Loss[] {
    return jobs.flatMap((job) => job.committers.flatMap((committer) => this.#lossOf(job, committer, at)));
  }

  #lossOf(job: JobSample, committer: CommitterSample, at: UnixMs): Loss[] {
    const { name, jobId, checkpoints } = job;
    const { sink, failed } = committer;
    if (jobId === null || failed === 0) return [];
    const restored = checkpoints?.restored ?? null;
    const beganAt = committer.startedAt;
    const run = `${jobId} ${beganAt}`;
    const key = `${name} ${sink}`;
    const last = this.#harmless.get(key);
    const harmless = last?.run === run ? last.count : undefined;
    // Who begins to watch only now cannot tell when it was: most probably then.
    const isOfRestart = restored !== null && (at - beganAt < RESTART_SHOWS_MS || harmless === undefined);
    if (isOfRestart && !mayBeAborted(job, committer)) {
      this.#harmless.set(key, { run, count: failed });
      return [];
    }
    const transactions = failed - (harmless ?? 0);
    if (transactions <= 0) return [];
    return [
      { job: name, sink, transactions, run, ofRun: transactions, isDoubtful: isOfRestart, noticedAt: at },
    ];
  }
}

/** Whether Kafka may have aborted what the restored checkpoint holds before the job was back. */
function mayBeAborted(
  { checkpoints, restoredCheckpointAt }: JobSample,
  { startedAt, transactionTimeoutMs }: CommitterSample,
): boolean {
  const { from } = checkpoints!.restored!;
  // A job that stops with a savepoint commits all of it before it ends.
  if (/\/savepoint-[^/]+\/?$/.test(from)) return false;
  return restoredCheckpointAt === null || startedAt - restoredCheckpointAt + SLACK_MS >= transactionTimeoutMs;
}
