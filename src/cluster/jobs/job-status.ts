import type { RenderedJob } from '../render/rendered-job.ts';
import type { JobCheckpoints, JobManager } from './ports.ts';
import { runningVersions, versionName } from './running-jobs.ts';

/** How a job is. */
export interface JobStatus {
  readonly name: string;
  /** `missing`: no version of it runs. */
  readonly state: string;
  readonly jobId: string | null;
  /** Whether it is the version that was rendered; false for another one, null when none runs. */
  readonly isCurrent: boolean | null;
  readonly checkpoints: JobCheckpoints | null;
  /** Why it failed last, also when it has been restarted since. */
  readonly failure: string | null;
}

/** How each of these jobs is. Rejects with AdtallyError cluster_unreachable. */
export async function jobStatus(
  jobs: readonly RenderedJob[],
  jobManager: JobManager,
): Promise<readonly JobStatus[]> {
  return Promise.all(jobs.map((job) => statusOf(job, jobManager)));
}

async function statusOf(job: RenderedJob, jobManager: JobManager): Promise<JobStatus> {
  const { name } = job;
  const [running] = await runningVersions(jobManager, name);
  if (running === undefined) {
    return { name, state: 'missing', jobId: null, isCurrent: null, checkpoints: null, failure: null };
  }
  const { id: jobId, state } = running;
  const [checkpoints, failure] = await Promise.all([
    jobManager.checkpoints(jobId),
    jobManager.failure(jobId),
  ]);
  return { name, state, jobId, isCurrent: running.name === versionName(job), checkpoints, failure };
}
