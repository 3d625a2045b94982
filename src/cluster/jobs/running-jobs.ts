import type { RenderedJob } from '../render/rendered-job.ts';
import { jobDigest } from '../render/rendered-job.ts';
import type { FlinkJob, JobManager } from './ports.ts';

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED', 'SUSPENDED']);

export function hasEnded({ state }: FlinkJob): boolean {
  return ENDED.has(state);
}

/** The name a version of a job has in Flink: by it a running one is found again, and its version told. */
export function versionName(job: RenderedJob): string {
  return `${job.name} ${jobDigest(job)}`;
}

/** The jobs of that name, of any version, that have not ended; the newest first. */
export async function runningVersions(jobManager: JobManager, name: string): Promise<FlinkJob[]> {
  const versions = await knownVersions(jobManager, name);
  return versions.filter((job) => !hasEnded(job)).toSorted((a, b) => b.startedAt - a.startedAt);
}

/** Whether a job of that name, of any version, has had a checkpoint, as far as Flink remembers. */
export async function hasCheckpointed(jobManager: JobManager, name: string): Promise<boolean> {
  for (const { id } of await knownVersions(jobManager, name))
    if ((await jobManager.checkpoints(id)).completed > 0) return true;
  return false;
}

async function knownVersions(jobManager: JobManager, name: string): Promise<FlinkJob[]> {
  const jobs = await jobManager.jobs();
  return jobs.filter((job) => job.name.startsWith(`${name} `));
}
