import { SECOND_MS } from '../../base/units.ts';
import type { Alarm } from './alarm.ts';
import type { Loss } from './loss-book.ts';
import type { JobSample, ProcessSample, Sample, TopicSample } from './sample.ts';

/** How long something may be so before it is an alarm. */
export interface AlarmLimits {
  readonly downMs: number;
  readonly pendingMs: number;
  /** How long readers of a topic may be held up by one transaction. */
  readonly hungMs: number;
  readonly lagMs: number;
  readonly lagMessages: number;
  readonly failuresInARow: number;
  /** The least age of a checkpoint that is old; it is also so many intervals. */
  readonly checkpointMs: number;
  readonly checkpointIntervals: number;
}

const ALARM_LIMITS: AlarmLimits = {
  downMs: 15 * SECOND_MS,
  pendingMs: 60 * SECOND_MS,
  // Behind a restart of a job, which ends what it left open.
  hungMs: 60 * SECOND_MS,
  lagMs: 60 * SECOND_MS,
  lagMessages: 100_000,
  failuresInARow: 3,
  checkpointMs: 60 * SECOND_MS,
  checkpointIntervals: 10,
};

/** The checkpoints of a job when the last one was completed. */
interface LastGood {
  readonly jobId: string | null;
  readonly completed: number;
  readonly failed: number;
}

/** Judges samples as they come, the older ones first. */
export class AlarmRules {
  readonly #limits: AlarmLimits;
  /** Since when each condition has been met in every sample. */
  #since: ReadonlyMap<string, number> = new Map();
  #asserted = new Map<string, number>();
  #atMs = 0;
  /** By job. */
  readonly #lastGood = new Map<string, LastGood>();

  constructor(limits: AlarmLimits = ALARM_LIMITS) {
    this.#limits = limits;
  }

  /** All alarms of this moment. `losses`: what is known to be lost and was not repaired. */
  judge(sample: Sample, losses: readonly Loss[]): Alarm[] {
    this.#atMs = sample.atMs;
    this.#asserted = new Map();
    const alarms = [
      ...losses.map(lossAlarm),
      ...sample.jobs.flatMap((job) => this.#jobAlarms(job, sample)),
      ...sample.topics.flatMap((topic) => this.#topicAlarms(topic)),
      ...sample.processes.flatMap((process) => this.#processAlarms(process)),
      ...sample.silent
        .filter(({ name }) => this.#lasts(`silent ${name}`, this.#limits.downMs))
        .map(({ name, reason }): Alarm => ({ code: 'server_silent', subject: name, detail: reason })),
    ];
    this.#since = this.#asserted;
    return alarms;
  }

  #jobAlarms(job: JobSample, { at }: Sample): Alarm[] {
    const { name, state, copies, failure, lagMessages, missedMessages } = job;
    const { downMs, lagMs, failuresInARow } = this.#limits;
    const alarms: Alarm[] = [];
    const raise = (code: Alarm['code'], detail: string, subject = name): void => {
      alarms.push({ code, subject, detail });
    };
    if (state !== 'RUNNING' && this.#lasts(`down ${name}`, downMs))
      raise('job_down', `It is ${state}${failure === null ? '' : `: ${failure}`}.`);
    if (copies > 1) raise('job_twice', `It runs ${copies} times.`);
    const failed = this.#failedInARow(job);
    if (failed >= failuresInARow) raise('checkpoints_failing', `${failed} checkpoints in a row have failed.`);
    const ageMs = this.#checkpointAge(job, at);
    if (ageMs > this.#checkpointAgeMax(job))
      raise('checkpoint_old', `The newest is ${Math.round(ageMs / SECOND_MS)} s old.`);
    for (const { sink, pending } of job.committers) {
      if (pending > 0 && this.#lasts(`pending ${name} ${sink}`, this.#limits.pendingMs))
        raise('commits_pending', `${pending} transactions wait to be committed.`, `${name} ${sink}`);
    }
    const isBehind = lagMessages !== null && lagMessages >= this.#limits.lagMessages;
    if (isBehind && this.#lasts(`lag ${name}`, lagMs))
      raise('source_behind', `It has ${lagMessages} messages to read.`);
    if (missedMessages > 0)
      raise('messages_missed', `${missedMessages} messages left Kafka before it read them.`);
    return alarms;
  }

  #topicAlarms({ name, partitions }: TopicSample): Alarm[] {
    const hung = partitions.filter(
      ({ partition, lastStable, end }) =>
        end > lastStable && this.#lasts(`hung ${name}/${partition} ${lastStable}`, this.#limits.hungMs),
    );
    if (hung.length === 0) return [];
    const where = hung.map(({ partition, lastStable }) => `${partition} at offset ${lastStable}`).join(', ');
    const whose = [...new Set(hung.flatMap(({ open }) => open))].join(', ');
    const detail = `Readers of committed messages stand in partition ${where}. Open there: ${whose === '' ? 'no transaction that the coordinator knows' : whose}.`;
    return [{ code: 'transaction_hung', subject: name, detail }];
  }

  #processAlarms({ name, state }: ProcessSample): Alarm[] {
    if (state === 'ready' || !this.#lasts(`process ${name}`, this.#limits.downMs)) return [];
    const detail = state === 'down' ? 'It has died.' : 'It runs and does not answer.';
    return [{ code: 'server_down', subject: name, detail }];
  }

  /** What failed before the first sample is not known to be in a row. */
  #failedInARow({ jobId, name, checkpoints }: JobSample): number {
    if (checkpoints === null) return 0;
    const { completed, failed } = checkpoints;
    const good = this.#lastGood.get(name);
    if (good?.jobId !== jobId || good.completed !== completed) {
      this.#lastGood.set(name, { jobId, completed, failed });
      return 0;
    }
    return failed - good.failed;
  }

  #checkpointAge({ checkpoints, startedAt }: JobSample, at: number): number {
    const latest = checkpoints?.latestAt ?? startedAt;
    return latest === null ? 0 : at - latest;
  }

  #checkpointAgeMax({ checkpointIntervalMs }: JobSample): number {
    const { checkpointMs, checkpointIntervals } = this.#limits;
    return Math.max(checkpointMs, checkpointIntervalMs * checkpointIntervals);
  }

  /** Whether a condition, which is met now, has been met for so long. */
  #lasts(condition: string, ms: number): boolean {
    const since = this.#since.get(condition) ?? this.#atMs;
    this.#asserted.set(condition, since);
    return this.#atMs - since >= ms;
  }
}

function lossAlarm({ job, sink, transactions, isDoubtful }: Loss): Alarm {
  const what = isDoubtful
    ? `After an outage longer than they may last, ${transactions} of its transactions could not be committed: Kafka had aborted them, unless they were committed right before.`
    : `${transactions} of its transactions could not be committed.`;
  return { code: 'commits_failed', subject: `${job} ${sink}`, detail: what };
}
