import type { UnixMs } from '../../base/clock.ts';

/** Every alarm there is: what it means, and what to do. docs/cluster.md lists them; a test holds both together. */
export const ALARMS = {
  commits_failed: {
    means:
      'Kafka had aborted a transaction before Flink committed it: its rows are missing, and the job runs on.',
    remedy: '"adtally cluster apply --replay" judges again all that Kafka holds, which corrects every total.',
  },
  commits_pending: {
    means: 'A job cannot commit what a checkpoint holds.',
    remedy: 'Mend Kafka before the transaction times out: what is not committed by then is lost.',
  },
  transaction_hung: {
    means: 'An open transaction holds up whoever reads a topic.',
    remedy:
      'Restart the job that it belongs to, which ends it ("adtally cluster watch --repair" does); else Kafka ends it at its timeout.',
  },
  job_down: {
    means: 'A job does not run.',
    remedy:
      'watch starts it again from its newest checkpoint; where it says that it cannot, do what it says.',
  },
  job_twice: {
    means: 'A job runs more than once: the copies end each other’s transactions.',
    remedy: 'Cancel all but one of them in Flink.',
  },
  checkpoints_failing: {
    means: 'Checkpoints of a job fail one after the other: nothing of what it does is committed.',
    remedy: 'See "adtally cluster logs taskmanager" and "logs jobmanager" for the reason.',
  },
  checkpoint_old: {
    means: 'The newest checkpoint of a job is old: nothing has been committed since.',
    remedy: 'See whether Flink has room for the job, and whether Kafka takes in what it writes.',
  },
  source_behind: {
    means: 'A job is far behind what has come in.',
    remedy: 'Wait if it catches up; else "adtally cluster rescale --parallelism N".',
  },
  messages_missed: {
    means: 'Messages left Kafka before the job read them.',
    remedy: 'They are gone from here: send them again, and keep messages for longer (retention.log).',
  },
  server_down: {
    means: 'A process of the cluster does not run, or does not answer.',
    remedy: 'watch starts what died; see "adtally cluster logs NAME" for what does not come up.',
  },
  server_silent: {
    means: 'A server of the cluster does not answer: nothing is known of what it does.',
    remedy: 'Start it, or mend the way to it.',
  },
} as const satisfies Record<string, { readonly means: string; readonly remedy: string }>;

export type AlarmCode = keyof typeof ALARMS;
export const ALARM_CODES = Object.keys(ALARMS) as readonly AlarmCode[];

/** Something that needs a look, for as long as it lasts. */
export interface Alarm {
  readonly code: AlarmCode;
  /** What it is about: a job, a topic, a process. One alarm of a code and subject at a time. */
  readonly subject: string;
  readonly detail: string;
}

/** An alarm as it stands. */
export interface StandingAlarm extends Alarm {
  readonly since: UnixMs;
}

export interface AlarmChanges {
  readonly raised: readonly StandingAlarm[];
  readonly over: readonly StandingAlarm[];
}

/** Which alarms stand, and since when. */
export class AlarmBoard {
  #standing: ReadonlyMap<string, StandingAlarm> = new Map();

  get standing(): readonly StandingAlarm[] {
    return [...this.#standing.values()];
  }

  /** Takes in all alarms there are at `at`, and says what has changed. */
  update(alarms: readonly Alarm[], at: UnixMs): AlarmChanges {
    const before = this.#standing;
    const now = new Map(
      alarms.map((alarm) => [keyOf(alarm), { ...alarm, since: before.get(keyOf(alarm))?.since ?? at }]),
    );
    this.#standing = now;
    return {
      raised: [...now].filter(([key]) => !before.has(key)).map(([, alarm]) => alarm),
      over: [...before].filter(([key]) => !now.has(key)).map(([, alarm]) => alarm),
    };
  }
}

function keyOf({ code, subject }: Alarm): string {
  return `${code} ${subject}`;
}
