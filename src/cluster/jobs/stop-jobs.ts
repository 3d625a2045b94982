import type { RenderedJob } from '../render/rendered-job.ts';
import { stateDirectory, type JobServices } from './apply-jobs.ts';
import { runningVersions } from './running-jobs.ts';

/** What was done with a job that was to stop. */
export interface StoppedJob {
  readonly name: string;
  readonly jobId: string | null;
  readonly action: 'stopped' | 'cancelled' | 'left';
  /** Where the savepoint is; null for a job that was cancelled or did not run. */
  readonly savepoint: string | null;
}

export interface StopJobsOptions {
  /** End them without a savepoint: they go on from their newest checkpoint. For jobs that cannot write one. */
  readonly isCancelled?: boolean;
}

/**
 * Stops every version of these jobs that runs, each with a savepoint. Throws AdtallyError job_failed for one that cannot be
 * stopped; it runs on, as do those after it.
 */
export async function stopJobs(
  jobs: readonly RenderedJob[],
  services: JobServices,
  { isCancelled = false }: StopJobsOptions = {},
): Promise<StoppedJob[]> {
  const { jobManager } = services;
  const stopped: StoppedJob[] = [];
  for (const job of jobs) {
    const { name } = job;
    const running = await runningVersions(jobManager, name);
    if (running.length === 0) stopped.push({ name, jobId: null, action: 'left', savepoint: null });
    for (const { id } of running) {
      if (isCancelled) {
        await jobManager.cancel(id);
        stopped.push({ name, jobId: id, action: 'cancelled', savepoint: null });
      } else {
        const folder = `${await stateDirectory(job, jobManager)}/savepoints`;
        const savepoint = await jobManager.stopWithSavepoint(id, folder);
        stopped.push({ name, jobId: id, action: 'stopped', savepoint });
      }
    }
  }
  return stopped;
}
