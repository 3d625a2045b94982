import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { RenderedJob } from '../render/rendered-job.ts';
import { poll } from './poll.ts';
import type { CheckpointFiles, FlinkJob, JobManager, SqlGateway } from './ports.ts';
import { hasEnded, runningVersions, versionName } from './running-jobs.ts';

/** What applyJobs works on. */
export interface JobServices {
  readonly sql: SqlGateway;
  readonly jobManager: JobManager;
  readonly files: CheckpointFiles;
  readonly clock: Clock;
}

/** What was done with a job. */
export interface AppliedJob {
  readonly name: string;
  readonly jobId: string;
  /**
   * `left`: this version is running already; `started`: there was nothing to go on from; `resumed` from the newest complete
   * checkpoint; `replaced`: another version was stopped with a savepoint, from which this one goes on.
   */
  readonly action: 'left' | 'started' | 'resumed' | 'replaced';
  /** The checkpoint or savepoint that it went on from. */
  readonly from: string | null;
}

export interface ApplyOptions {
  /**
   * Begin without state: everything that Kafka still holds is judged again. Records come again under their ids; for a change of the SQL that no
   * savepoint fits.
   */
  readonly isReplay?: boolean;
}

const START_PATIENCE_MS = 120 * SECOND_MS;
const CHECKPOINT_PATIENCE_MS = 600 * SECOND_MS;

/**
 * Sees to it that these jobs, in these versions, are running. Doing it again changes nothing. Throws AdtallyError job_failed, which says
 * what runs and what does not; jobs before the failed one are left as they have become.
 */
export async function applyJobs(
  jobs: readonly RenderedJob[],
  services: JobServices,
  options: ApplyOptions = {},
): Promise<AppliedJob[]> {
  const applied: AppliedJob[] = [];
  for (const job of jobs) applied.push(await applyJob(job, services, options));
  return applied;
}

async function applyJob(
  job: RenderedJob,
  services: JobServices,
  { isReplay = false }: ApplyOptions,
): Promise<AppliedJob> {
  const running = await untilNoneEnds(job, services);
  if (running.length > 1) throw runsTwice(job, running);
  const directory = await stateDirectory(job, services.jobManager);
  const [old] = running;
  if (old === undefined) {
    const from = isReplay ? undefined : await services.files.newestComplete(directory);
    const jobId = await start(job, directory, from, services);
    if (isReplay) await untilCheckpointed(job, jobId, services);
    return { name: job.name, jobId, action: from === undefined ? 'started' : 'resumed', from: from ?? null };
  }
  if (old.name === versionName(job) && !isReplay) {
    return { name: job.name, jobId: old.id, action: 'left', from: null };
  }
  const savepoint = await services.jobManager.stopWithSavepoint(old.id, `${directory}/savepoints`);
  const from = isReplay ? undefined : savepoint;
  const jobId = await start(job, directory, from, services);
  if (isReplay) await untilCheckpointed(job, jobId, services);
  return { name: job.name, jobId, action: from === undefined ? 'started' : 'replaced', from: from ?? null };
}

/** What runs of a job, once none of it is about to end: that can be neither left alone nor stopped with a savepoint. */
async function untilNoneEnds(job: RenderedJob, { jobManager, clock }: JobServices): Promise<FlinkJob[]> {
  let ending: FlinkJob | undefined;
  const running = await poll(clock, START_PATIENCE_MS, async () => {
    const found = await runningVersions(jobManager, job.name);
    ending = found.find(({ state }) => state === 'CANCELLING' || state === 'FAILING');
    return ending === undefined ? found : undefined;
  });
  if (running !== undefined) return running;
  throw new AdtallyError(
    'job_failed',
    `${job.name} (${ending?.id}) is ${ending?.state} for ${START_PATIENCE_MS / SECOND_MS} s. See the log of the TaskManager: a task of it does not end.`,
  );
}

/** Every job has a directory of its own: so its state is found again when nothing else is left. */
export async function stateDirectory(job: RenderedJob, jobManager: JobManager): Promise<string> {
  const base = await jobManager.setting('execution.checkpointing.dir');
  if (base === undefined) {
    throw new AdtallyError(
      'job_failed',
      'Flink has no execution.checkpointing.dir in its configuration: no job could be resumed. Set it, and start Flink again.',
    );
  }
  return `${base.replace(/\/$/, '')}/${job.name}`;
}

async function start(
  job: RenderedJob,
  directory: string,
  from: string | undefined,
  services: JobServices,
): Promise<string> {
  const settings = {
    ...job.settings,
    'pipeline.name': versionName(job),
    'execution.checkpointing.dir': directory,
    ...(from === undefined ? {} : { 'execution.state-recovery.path': from }),
  };
  const { jobId } = await services.sql.run(settings, job.statements);
  if (jobId === null)
    throw new AdtallyError('job_failed', `${job.name}: Flink took the SQL but started no job.`);
  await untilRunning(job, jobId, from, services);
  return jobId;
}

/** A job that cannot read the state it is given ends at once; one that waits for a free slot is let wait. */
async function untilRunning(
  job: RenderedJob,
  jobId: string,
  from: string | undefined,
  { jobManager, clock }: JobServices,
): Promise<void> {
  let found: FlinkJob | undefined;
  const isRunning = await poll(clock, START_PATIENCE_MS, async () => {
    found = (await jobManager.jobs()).find(({ id }) => id === jobId);
    if (found !== undefined && hasEnded(found)) {
      const reason = (await jobManager.failure(jobId)) ?? `it is ${found.state}`;
      const state = from === undefined ? '' : ` It was to go on from ${from}, which is kept.`;
      throw new AdtallyError(
        'job_failed',
        `${job.name} did not start: ${reason}.${state}${from === undefined ? '' : ' If its SQL has changed too much for that state, apply again with a replay.'}`,
      );
    }
    return found?.state === 'RUNNING' || undefined;
  });
  if (isRunning) return;
  throw new AdtallyError(
    'job_failed',
    `${job.name} (${jobId}) is ${found?.state ?? 'not there'} after ${START_PATIENCE_MS / SECOND_MS} s. Flink may have no free slot for it; it runs as soon as there is one.`,
  );
}

/** Until a replayed job has a checkpoint of its own, it would be resumed from one before the replay, which would undo it. */
async function untilCheckpointed(
  job: RenderedJob,
  jobId: string,
  { jobManager, clock }: JobServices,
): Promise<void> {
  const isCheckpointed = await poll(
    clock,
    CHECKPOINT_PATIENCE_MS,
    async () => (await jobManager.checkpoints(jobId)).completed > 0 || undefined,
  );
  if (isCheckpointed) return;
  throw new AdtallyError(
    'job_failed',
    `${job.name} (${jobId}) has no checkpoint after ${CHECKPOINT_PATIENCE_MS / SECOND_MS} s. It goes on; should it be gone before it has one, replay again.`,
  );
}

function runsTwice(job: RenderedJob, running: readonly FlinkJob[]): AdtallyError {
  const list = running.map(({ id, state }) => `${id} (${state})`).join(', ');
  return new AdtallyError(
    'job_failed',
    `${job.name} runs ${running.length} times: ${list}. They would end each other's transactions; cancel all but one.`,
  );
}
