import { openKafkaInspection } from '../../../adapters/kafka/kafka-inspection.ts';
import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import type {
  FlinkFacts,
  KafkaFacts,
  PinotFacts,
  PreflightFacts,
} from '../../../cluster/checks/preflight.ts';
import { tablesOf } from '../../../cluster/jobs/job-tables.ts';
import type { JobManager } from '../../../cluster/jobs/ports.ts';
import type { KafkaAdmin } from '../../../cluster/kafka/ports.ts';
import type { PinotController } from '../../../cluster/pinot/ports.ts';
import type { RenderedJob } from '../../../cluster/render/rendered-job.ts';

/** Flink's own default. */
const RETAINED = 1;

/** The servers of a region that are asked. */
export interface AskedRegion {
  readonly region: string;
  /** `host:port` of its Kafka. */
  readonly kafka: string;
  readonly pinot?: PinotController | null;
  readonly jobs: readonly RenderedJob[];
  /** Settings of its topics, by name, that are not there yet, or are to be others. */
  readonly topics?: (
    admin: KafkaAdmin,
  ) => Promise<readonly { readonly name: string; readonly config: Config }[]>;
}

type Config = Readonly<Record<string, string>>;

/** Asks the servers for what checkPreflight looks at. Rejects with kafka_unreachable or cluster_unreachable. */
export async function gatherFacts(
  regions: readonly AskedRegion[],
  jobManager: JobManager,
): Promise<PreflightFacts> {
  const [kafkas, pinots, flink] = await Promise.all([
    Promise.all(regions.map(kafkaFacts)),
    Promise.all(regions.map(pinotFacts)),
    flinkFacts(jobManager),
  ]);
  return { kafkas, flink, pinots: pinots.flat() };
}

async function kafkaFacts({ region, kafka, jobs, topics }: AskedRegion): Promise<KafkaFacts> {
  const address = { brokers: [kafka], clientId: 'adtally-cluster' };
  await using stack = new AsyncDisposableStack();
  const admin = await openKafkaAdmin(address);
  stack.defer(() => admin.close());
  const inspection = await openKafkaInspection(address);
  stack.defer(() => inspection.close());
  const sources = [...new Set(jobs.flatMap((job) => tablesOf(job).sources))];
  const settings = topics === undefined ? await admin.topics(sources) : await topics(admin);
  return {
    region,
    transactionMsMax: await admin.transactionMsMax(),
    listsTransactions: await inspection.listsTransactions(),
    retentionMs: new Map(settings.map(({ name, config }) => [name, retentionOf(config)])),
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
  return [{ region, version: await pinot.version(), dialect: '0.11' }];
}
