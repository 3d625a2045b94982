import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { CheckpointFiles, JobManager } from '../jobs/ports.ts';
import { tablesOf } from '../jobs/job-tables.ts';
import { runningVersions } from '../jobs/running-jobs.ts';
import type { GroupOffset, KafkaInspection, PartitionEnds } from '../kafka/inspection.ts';
import { KafkaInspections } from '../kafka/inspections.ts';
import type { RenderedJob } from '../render/rendered-job.ts';
import type { JobSample, ProcessSample, Sample, SilentServer, TopicSample } from './sample.ts';

/** Where a sample is taken from. */
export interface SampleSources {
  readonly processes: () => Promise<readonly ProcessSample[]>;
  readonly jobManager: JobManager;
  readonly files: CheckpointFiles;
  /** Looks into the Kafka of a region. Rejects with AdtallyError kafka_unreachable. */
  readonly openKafka: (region: string) => Promise<KafkaInspection>;
  readonly clock: Clock;
}

/** What one look into the Kafka of a region tells. */
interface KafkaLook {
  readonly topics: readonly TopicSample[];
  readonly ends: readonly PartitionEnds[];
  /** By job. */
  readonly offsets: ReadonlyMap<string, readonly GroupOffset[]>;
}

const NOT_RUNNING = {
  state: 'missing',
  jobId: null,
  startedAt: null,
  checkpoints: null,
  failure: null,
  restoredCheckpointAt: null,
  committers: [],
};

/** Takes samples of a cluster. A server that does not answer is part of the sample, never a failure. */
export class Sampler {
  readonly #sources: SampleSources;
  readonly #kafkas: KafkaInspections;

  constructor(sources: SampleSources) {
    this.#sources = sources;
    this.#kafkas = new KafkaInspections(sources.openKafka);
  }

  async take(jobs: readonly RenderedJob[]): Promise<Sample> {
    const { clock, processes } = this.#sources;
    const silent: SilentServer[] = [];
    const heard = async <Answer>(name: string, asked: Promise<Answer>): Promise<Answer | undefined> => {
      try {
        return await asked;
      } catch (error) {
        if (!(error instanceof AdtallyError)) throw error;
        silent.push({ name, reason: error.message });
        return undefined;
      }
    };
    const regions = [...Map.groupBy(jobs, ({ region }) => region)];
    const [states, looks, seen] = await Promise.all([
      processes(),
      Promise.all(regions.map(([region, own]) => heard(`Kafka of ${region}`, this.#look(region, own)))),
      heard('Flink', Promise.all(jobs.map((job) => this.#job(job)))),
    ]);
    return {
      at: clock.now(),
      atMs: clock.monotonicMs(),
      processes: states,
      jobs: (seen ?? []).map((job) => ({ ...job, ...reading(job.name, looks) })),
      topics: looks.flatMap((look) => look?.topics ?? []),
      silent,
    };
  }

  close(): Promise<void> {
    return this.#kafkas.close();
  }

  async #job(job: RenderedJob): Promise<Omit<JobSample, 'lagMessages' | 'missedMessages'>> {
    const { jobManager, files } = this.#sources;
    const running = await runningVersions(jobManager, job.name);
    const common = { name: job.name, copies: running.length, checkpointIntervalMs: intervalOf(job) };
    const [one] = running;
    if (one === undefined) return { ...common, ...NOT_RUNNING };
    const { id: jobId, state, startedAt } = one;
    const [checkpoints, failure, committers] = await Promise.all([
      jobManager.checkpoints(jobId),
      jobManager.failure(jobId),
      jobManager.committers(jobId),
    ]);
    const { restored } = checkpoints;
    const completedAt = restored === null ? undefined : await files.completedAt(restored.from);
    const { sinks } = tablesOf(job);
    return {
      ...common,
      jobId,
      state,
      startedAt,
      checkpoints,
      failure,
      restoredCheckpointAt: completedAt ?? null,
      committers: committers.map((counts) => ({
        ...counts,
        transactionTimeoutMs: sinks.find(({ table }) => table === counts.sink)?.transactionTimeoutMs ?? 0,
      })),
    };
  }

  #look(region: string, jobs: readonly RenderedJob[]): Promise<KafkaLook> {
    return this.#kafkas.use(region, async (kafka) => {
      const tables = jobs.map((job) => ({ job: job.name, ...tablesOf(job) }));
      const names = tables.flatMap(({ sources, sinks }) => [...sources, ...sinks.map(({ topic }) => topic)]);
      const [ends, open] = await Promise.all([kafka.ends([...new Set(names)]), kafka.openTransactions()]);
      const offsets = await Promise.all(
        tables.map(async ({ job, sources }) => [job, await kafka.groupOffsets(job, sources)] as const),
      );
      const oldest = open.toSorted((a, b) => a.startedAt - b.startedAt);
      const topics = [...Map.groupBy(ends, ({ topic }) => topic)].map(([name, own]) => ({
        region,
        name,
        partitions: own.map(({ partition, lastStable, end }) => ({
          partition,
          lastStable,
          end,
          open: oldest
            .filter(({ partitions }) => partitions.includes(`${name}/${partition}`))
            .map(({ transactionalId }) => transactionalId),
        })),
      }));
      return { topics, ends, offsets: new Map(offsets) };
    });
  }
}

/** How far a job has read, as its group in Kafka says. */
function reading(
  job: string,
  looks: readonly (KafkaLook | undefined)[],
): Pick<JobSample, 'lagMessages' | 'missedMessages'> {
  const look = looks.find((one) => one?.offsets.has(job) === true);
  if (look === undefined) return { lagMessages: null, missedMessages: 0 };
  let [lag, missed] = [0n, 0n];
  for (const { topic, partition, offset } of look.offsets.get(job)!) {
    const ends = look.ends.find((one) => one.topic === topic && one.partition === partition);
    if (ends === undefined) continue;
    const at = offset ?? ends.first;
    if (ends.lastStable > at) lag += ends.lastStable - at;
    if (ends.first > at) missed += ends.first - at;
  }
  return { lagMessages: Number(lag), missedMessages: Number(missed) };
}

/** "1000 ms" → 1000. */
function intervalOf({ settings }: RenderedJob): number {
  return Number.parseInt(settings['execution.checkpointing.interval'] ?? '', 10) || 0;
}
