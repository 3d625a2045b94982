import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { DAY_MS, SECOND_MS } from '../../base/units.ts';
import { applyJobs, type JobServices } from '../jobs/apply-jobs.ts';
import { tablesOf } from '../jobs/job-tables.ts';
import type { JobWish } from '../jobs/job-wish.ts';
import { poll } from '../jobs/poll.ts';
import { runningVersions } from '../jobs/running-jobs.ts';
import type { RenderedJob } from '../render/rendered-job.ts';
import type { Alarm } from './alarm.ts';
import { RetryPauses } from './retry-pauses.ts';
import type { Sample } from './sample.ts';

/** One thing that was done for the cluster, or tried. */
export interface HealingEvent {
  readonly event: 'server_started' | 'job_started' | 'job_restarted' | 'days_changed' | 'healing_failed';
  readonly subject: string;
  readonly detail: string;
}

export interface HealerPorts {
  /** Null while no jobs were ever applied. */
  readonly wish: () => JobWish | null;
  /** Starts what died of the processes of this machine; resolves once they serve, to the names of those that it started. */
  readonly startProcesses: () => Promise<readonly string[]>;
  /** Keeps other commands from changing the cluster meanwhile. Rejects with data_locked while one does. */
  readonly locked: <Result>(action: () => Promise<Result>) => Promise<Result>;
  /** Rejects with AdtallyError when these jobs should not run on the servers as they are. */
  readonly check: (wish: JobWish) => Promise<void>;
  /** Adds the days that the table of touches needs by now, and drops old ones; resolves to what it did. Rejects with cluster_unreachable, data_locked. */
  readonly keepDays: () => Promise<readonly string[]>;
  readonly services: JobServices;
  readonly clock: Clock;
  readonly report: (event: HealingEvent) => void;
}

/** A job may be missing for a moment while somebody replaces it. */
const MISSING_MS = 4 * SECOND_MS;
const CANCEL_MS_MAX = 60 * SECOND_MS;
const TOUCHES = 'touches';

/** Starts again what is gone: processes first, for jobs run in them. Tries again after growing pauses. */
export class Healer {
  readonly #ports: HealerPorts;
  readonly #isRepairing: boolean;
  readonly #pauses = new RetryPauses();
  readonly #missingSince = new Map<string, number>();
  /** The day for which the table of touches has been looked at last. */
  #keptDay: number | null = null;

  /** `isRepairing`: also restart jobs that run, when a transaction of theirs hangs. */
  constructor(ports: HealerPorts, { isRepairing }: { readonly isRepairing: boolean }) {
    this.#ports = ports;
    this.#isRepairing = isRepairing;
  }

  /** Does what a sample and its alarms call for. Never rejects for an expected failure: that is reported. */
  async heal(sample: Sample, alarms: readonly Alarm[]): Promise<void> {
    for (const { name, state } of sample.processes)
      if (state === 'ready') this.#pauses.well(name, sample.atMs);
    const dead = sample.processes.filter(({ state }) => state === 'down').map(({ name }) => name);
    if (dead.length > 0) return this.#startProcesses(dead);
    const wish = this.#ports.wish();
    if (wish === null) return;
    await this.#healJobs(wish, sample, alarms);
    await this.#keepDays(Math.floor(sample.at / DAY_MS));
  }

  async #healJobs(wish: JobWish, sample: Sample, alarms: readonly Alarm[]): Promise<void> {
    const isFlinkThere = !sample.silent.some(({ name }) => name === 'Flink');
    if (wish.areStopped || !isFlinkThere) return this.#missingSince.clear();
    for (const job of this.#missingJobs(wish, sample)) await this.#startJob(job);
    if (!this.#isRepairing) return;
    for (const job of hungJobs(wish.jobs, sample, alarms)) await this.#restartJob(job);
  }

  #missingJobs({ jobs }: JobWish, sample: Sample): RenderedJob[] {
    const { atMs } = sample;
    return jobs.filter(({ name }) => {
      const state = sample.jobs.find((job) => job.name === name)?.state;
      if (state !== 'missing') {
        this.#missingSince.delete(name);
        if (state === 'RUNNING') this.#pauses.well(name, atMs);
        return false;
      }
      const since = this.#missingSince.get(name) ?? atMs;
      this.#missingSince.set(name, since);
      return atMs - since >= MISSING_MS;
    });
  }

  async #keepDays(day: number): Promise<void> {
    if (day === this.#keptDay) return;
    await this.#attempt([TOUCHES], async () => {
      const changes = await this.#ports.keepDays();
      this.#keptDay = day;
      if (changes.length === 0) return [];
      return [{ event: 'days_changed', subject: TOUCHES, detail: `${changes.join(', ')}.` }];
    });
  }

  async #startProcesses(dead: readonly string[]): Promise<void> {
    const { locked, startProcesses } = this.#ports;
    await this.#attempt(dead, () =>
      locked(async () => {
        const started = await startProcesses();
        const detail = 'It had died, and serves again.';
        return started.map((subject) => ({ event: 'server_started', subject, detail }));
      }),
    );
  }

  async #startJob(job: RenderedJob): Promise<void> {
    const { locked, services } = this.#ports;
    await this.#attempt([job.name], () =>
      locked(async () => {
        // The lock may have come late: whoever had it may have started or stopped the job.
        const wish = this.#ports.wish();
        if (wish === null || wish.areStopped) return [];
        const wanted = wish.jobs.filter(({ name }) => name === job.name);
        if (wanted.length === 0) return [];
        if ((await runningVersions(services.jobManager, job.name)).length > 0) return [];
        await this.#ports.check(wish);
        const [{ from }] = await applyJobs(wanted, services);
        const detail = from === null ? 'It begins without state.' : `It goes on from ${from}.`;
        return [{ event: 'job_started', subject: job.name, detail }];
      }),
    );
  }

  /** Its new run ends every transaction that the old one left open. */
  async #restartJob(job: RenderedJob): Promise<void> {
    const { locked, services, clock } = this.#ports;
    await this.#attempt([job.name], () =>
      locked(async () => {
        const running = await runningVersions(services.jobManager, job.name);
        for (const { id } of running) await services.jobManager.cancel(id);
        const hasEnded = await poll(
          clock,
          CANCEL_MS_MAX,
          async () => (await runningVersions(services.jobManager, job.name)).length === 0 || undefined,
        );
        if (!hasEnded) throw new AdtallyError('job_failed', `${job.name} does not end when it is cancelled.`);
        const [{ from }] = await applyJobs([job], services);
        const detail = `A transaction of it hung. It goes on from ${from ?? 'nothing'}.`;
        return [{ event: 'job_restarted', subject: job.name, detail }];
      }),
    );
  }

  async #attempt(subjects: readonly string[], action: () => Promise<readonly HealingEvent[]>): Promise<void> {
    const { clock, report } = this.#ports;
    if (!subjects.every((name) => this.#pauses.isDue(name, clock.monotonicMs()))) return;
    try {
      const done = await action();
      // Somebody else was quicker.
      if (done.length === 0) return;
      for (const event of done) report(event);
    } catch (error) {
      if (!(error instanceof AdtallyError)) throw error;
      // Somebody else is at it.
      if (error.code === 'data_locked') return;
      for (const subject of subjects) report({ event: 'healing_failed', subject, detail: error.message });
    }
    for (const name of subjects) {
      this.#pauses.tried(name, clock.monotonicMs());
      this.#missingSince.delete(name);
    }
  }
}

/** The jobs that run and whose transactions hang. */
function hungJobs(jobs: readonly RenderedJob[], sample: Sample, alarms: readonly Alarm[]): RenderedJob[] {
  const hung = new Set(
    alarms.filter(({ code }) => code === 'transaction_hung').map(({ subject }) => subject),
  );
  const open = sample.topics
    .filter(({ name }) => hung.has(name))
    .flatMap(({ partitions }) => partitions.flatMap((one) => one.open));
  return jobs.filter((job) => {
    const isRunning = sample.jobs.some(({ name, state }) => name === job.name && state !== 'missing');
    const prefixes = tablesOf(job).sinks.map(({ prefix }) => prefix);
    return isRunning && open.some((id) => prefixes.some((prefix) => id.startsWith(`${prefix}-`)));
  });
}
