import { Gauge } from 'prom-client';
import { SECOND_MS } from '../../base/units.ts';
import { RegistryMetrics } from '../serving/registry-metrics.ts';

/** How a cluster was at the last look. */
export interface WatchFigures {
  /** Unix ms. */
  readonly at: number;
  readonly alarms: readonly { readonly code: string; readonly subject: string }[];
  readonly servers: readonly { readonly name: string; readonly isUp: boolean }[];
  readonly jobs: readonly JobFigures[];
  readonly topics: readonly { readonly name: string; readonly unstableMessages: number }[];
  /** By name, what watch has started again since its own start. */
  readonly restarts: ReadonlyMap<string, number>;
}

export interface JobFigures {
  readonly name: string;
  readonly isRunning: boolean;
  /** Null where there is none. */
  readonly checkpointAgeMs: number | null;
  readonly checkpointsCompleted: number;
  readonly checkpointsFailed: number;
  readonly lagMessages: number | null;
  readonly committers: readonly {
    readonly sink: string;
    readonly failed: number;
    readonly pending: number;
  }[];
}

type Values = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

/** What `/metrics` of `adtally cluster watch` shows; `codes` are those of all alarms there are. */
export class WatchMetrics extends RegistryMetrics {
  constructor(figures: () => WatchFigures | undefined, codes: readonly string[]) {
    const gauge = (
      name: string,
      help: string,
      labelNames: readonly string[],
      values: (figures: WatchFigures) => Values,
    ): Gauge =>
      new Gauge({
        name: `adtally_${name}`,
        help,
        labelNames: [...labelNames],
        registers: [],
        collect() {
          this.reset();
          const latest = figures();
          if (latest !== undefined) for (const [labels, value] of values(latest)) this.set(labels, value);
        },
      });
    super([
      gauge(
        'watch_look_timestamp_seconds',
        'When watch last looked at the cluster, Unix seconds.',
        [],
        ({ at }) => [[{}, at / SECOND_MS]],
      ),
      gauge('cluster_alarms', 'Alarms that stand, of each kind.', ['alarm'], ({ alarms }) =>
        codes.map((alarm) => [{ alarm }, alarms.filter(({ code }) => code === alarm).length]),
      ),
      gauge('cluster_alarm', '1 while the alarm stands.', ['alarm', 'subject'], ({ alarms }) =>
        alarms.map(({ code, subject }) => [{ alarm: code, subject }, 1]),
      ),
      gauge(
        'cluster_server_up',
        '1 while the server of a local cluster answers, else 0.',
        ['server'],
        ({ servers }) => servers.map(({ name, isUp }) => [{ server: name }, isUp ? 1 : 0]),
      ),
      gauge(
        'cluster_restarts',
        'How often watch has started a server or a job again since its own start.',
        ['name'],
        ({ restarts }) => [...restarts].map(([name, count]) => [{ name }, count]),
      ),
      ...jobGauges(gauge),
      gauge(
        'cluster_topic_unstable_messages',
        'Messages of a topic behind the last stable offset: their transactions are open.',
        ['topic'],
        ({ topics }) => topics.map(({ name, unstableMessages }) => [{ topic: name }, unstableMessages]),
      ),
    ]);
  }
}

type MakeGauge = (
  name: string,
  help: string,
  labelNames: readonly string[],
  values: (figures: WatchFigures) => Values,
) => Gauge;

function jobGauges(gauge: MakeGauge): Gauge[] {
  return [
    gauge(
      'cluster_job_running',
      '1 while Flink runs the job, else 0.',
      ['job'],
      ofJob(({ isRunning }) => (isRunning ? 1 : 0)),
    ),
    gauge(
      'cluster_job_checkpoint_age_seconds',
      'How long ago the newest checkpoint of the job was completed.',
      ['job'],
      ofJob(({ checkpointAgeMs }) => (checkpointAgeMs === null ? null : checkpointAgeMs / SECOND_MS)),
    ),
    gauge(
      'cluster_job_checkpoints_completed',
      'Checkpoints completed in this run of the job.',
      ['job'],
      ofJob(({ checkpointsCompleted }) => checkpointsCompleted),
    ),
    gauge(
      'cluster_job_checkpoints_failed',
      'Checkpoints failed in this run of the job.',
      ['job'],
      ofJob(({ checkpointsFailed }) => checkpointsFailed),
    ),
    gauge(
      'cluster_job_lag_messages',
      'Messages that the job has still to read, marks of transactions among them.',
      ['job'],
      ofJob(({ lagMessages }) => lagMessages),
    ),
    gauge(
      'cluster_job_commits_failed',
      'Transactions of a sink given up as lost since the job was started or restarted last.',
      ['job', 'sink'],
      ofSink('failed'),
    ),
    gauge(
      'cluster_job_commits_pending',
      'Transactions of a sink that wait to be committed.',
      ['job', 'sink'],
      ofSink('pending'),
    ),
  ];
}

/** A figure of every sink of every job. */
function ofSink(count: 'failed' | 'pending'): (figures: WatchFigures) => Values {
  return ({ jobs }) =>
    jobs.flatMap(({ name, committers }) =>
      committers.map((committer) => [{ job: name, sink: committer.sink }, committer[count]] as const),
    );
}

/** A figure of every job that has it. */
function ofJob(value: (job: JobFigures) => number | null): (figures: WatchFigures) => Values {
  return ({ jobs }) =>
    jobs.flatMap((job) => {
      const figure = value(job);
      return figure === null ? [] : [[{ job: job.name }, figure] as const];
    });
}
