import { openKafkaInspection } from '../../../adapters/kafka/kafka-inspection.ts';
import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import { brokersOf } from '../../../cluster/addresses.ts';
import type {
  FlinkFacts,
  JobMemory,
  KafkaFacts,
  PinotFacts,
  PreflightFacts,
} from '../../../cluster/checks/preflight.ts';
import { stateDirectory, type JobServices } from '../../../cluster/jobs/apply-jobs.ts';
import { tablesOf } from '../../../cluster/jobs/job-tables.ts';
import { hasCheckpointed } from '../../../cluster/jobs/running-jobs.ts';
import type { JobManager } from '../../../cluster/jobs/ports.ts';
import type { KafkaAdmin } from '../../../cluster/kafka/ports.ts';
import type { PinotController } from '../../../cluster/pinot/ports.ts';
import type { PinotDialect } from '../../../cluster/render/pinot-tables.ts';
import type { RenderedJob } from '../../../cluster/render/rendered-job.ts';

/** Flink's own default. */
const RETAINED = 1;

/** The Pinot of a region, and how it wants its tables. */
export interface TargetPinot {
  readonly controller: PinotController;
  readonly dialect: PinotDialect;
}

/** The servers of a region that are asked. */
export interface AskedRegion {
  readonly region: string;
  /** `host:port` of its Kafka; several with commas. */
  readonly kafka: string;
  readonly pinot?: TargetPinot | null;
  readonly jobs: readonly RenderedJob[];
  /** Settings of its topics, by name, that are not there yet, or are to be others. */
  readonly topics?: (
    admin: KafkaAdmin,
  ) => Promise<readonly { readonly name: string; readonly config: Config }[]>;
}

type Config = Readonly<Record<string, string>>;

/**
 * Asks the servers for what checkPreflight looks at; with `isReplay` jobs need not know anything. Rejects with kafka_unreachable or
 * cluster_unreachable.
 */
export async function gatherFacts(
  regions: readonly AskedRegion[],
  { jobManager, files }: Pick<JobServices, 'jobManager' | 'files'>,
  { isReplay = false } = {},
): Promise<PreflightFacts> {
  const remember = async (job: RenderedJob, hasOffsets: boolean): Promise<JobMemory> => {
    const directory = await stateDirectory(job, jobManager);
    // Offsets come late, up to ten seconds, and Flink forgets when it is started again.
    const hasHadState = hasOffsets || (await hasCheckpointed(jobManager, job.name));
    // Looked for last: whoever has had one by now has left it.
    const checkpoint = (await files.newestComplete(directory)) ?? null;
    return { job: job.name, hasHadState, directory, checkpoint };
  };
  const [looks, pinots, flink] = await Promise.all([
    Promise.all(regions.map(kafkaLook)),
    Promise.all(regions.map(pinotFacts)),
    flinkFacts(jobManager),
  ]);
  const read = looks.flatMap((look) => look.read);
  return {
    kafkas: looks.map((look) => look.facts),
    flink,
    pinots: pinots.flat(),
    memories: isReplay ? [] : await Promise.all(read.map(({ job, hasOffsets }) => remember(job, hasOffsets))),
  };
}

/** What the Kafka of a region says of itself, and of the jobs that read it. */
interface KafkaLook {
  readonly facts: KafkaFacts;
  readonly read: readonly { readonly job: RenderedJob; readonly hasOffsets: boolean }[];
}

async function kafkaLook({ region, kafka, jobs, topics }: AskedRegion): Promise<KafkaLook> {
  const address = { brokers: brokersOf(kafka), clientId: 'adtally-cluster' };
  await using stack = new AsyncDisposableStack();
  const admin = await openKafkaAdmin(address);
  stack.defer(() => admin.close());
  const inspection = await openKafkaInspection(address);
  stack.defer(() => inspection.close());
  const sources = [...new Set(jobs.flatMap((job) => tablesOf(job).sources))];
  const present = await admin.topics(sources);
  const settings = topics === undefined ? present : await topics(admin);
  const names = new Set(present.map(({ name }) => name));
  const read = jobs.map(async (job) => {
    const own = tablesOf(job).sources.filter((topic) => names.has(topic));
    const offsets = own.length === 0 ? [] : await inspection.groupOffsets(job.name, own);
    return { job, hasOffsets: offsets.some(({ offset }) => offset !== null) };
  });
  return {
    facts: {
      region,
      transactionMsMax: await admin.transactionMsMax(),
      listsTransactions: await inspection.listsTransactions(),
      retentionMs: new Map(settings.map(({ name, config }) => [name, retentionOf(config)])),
    },
    read: await Promise.all(read),
  };
}

function retentionOf(config: Config): number | null {
  return config['cleanup.policy'] === 'compact' ? null : Number(config['retention.ms']);
}

async function flinkFacts(jobManager: JobManager): Promise<FlinkFacts> {
  const [{ version }, retained] = await Promise.all([
    jobManager.overview(),
    jobManager.setting('execution.checkpointing.num-retained'),
  ]);
  return { version, retained: retained === undefined ? RETAINED : Number(retained) };
}

async function pinotFacts({ region, pinot }: AskedRegion): Promise<PinotFacts[]> {
  if (pinot === undefined || pinot === null) return [];
  return [{ region, version: await pinot.controller.version(), dialect: pinot.dialect }];
}
