import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import { brokersOf } from '../../../cluster/addresses.ts';
import type { AppliedJob } from '../../../cluster/jobs/apply-jobs.ts';
import type { JobStatus } from '../../../cluster/jobs/job-status.ts';
import type { KafkaAdmin } from '../../../cluster/kafka/ports.ts';
import type { PinotStep } from '../../../cluster/pinot/pinot-plan.ts';
import { topicsOf } from '../../../cluster/render/topics.ts';
import type { WantedTopic } from '../../../cluster/kafka/ports.ts';
import type { TopicPlan, TopicStep } from '../../../cluster/topics/topic-plan.ts';
import type { HiveStep } from '../../../cluster/warehouse/hive-apply.ts';
import type { HiveSession } from '../../../cluster/warehouse/ports.ts';
import { renderTable } from '../../table.ts';
import type { ClusterTarget, HiveTarget, RegionTarget } from './cluster-target.ts';

/** Of a topic, where nobody says how many and none is there. */
const PARTITIONS = 2;

/** One thing that differs from what a cluster is to have, or that was brought there. */
export interface ClusterChange {
  /** Null for what belongs to all regions. */
  readonly region: string | null;
  readonly kind: 'topic' | 'table' | 'job' | HiveStep['kind'];
  readonly name: string;
  readonly action: string;
  readonly detail: string;
}

/** Lets `work` ask the Kafka of a region. */
export async function withKafka<Result>(
  { kafka }: RegionTarget,
  work: (admin: KafkaAdmin) => Promise<Result>,
): Promise<Result> {
  const admin = await openKafkaAdmin({ brokers: brokersOf(kafka), clientId: 'adtally-cluster' });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Lets `work` ask Hive, where the cluster has one; what it would do or did are the changes. */
export async function withHive(
  hive: HiveTarget | null,
  work: (session: HiveSession, objects: HiveTarget['objects']) => Promise<readonly HiveStep[]>,
): Promise<ClusterChange[]> {
  if (hive === null) return [];
  const session = await hive.open();
  try {
    return (await work(session, hive.objects)).map(hiveChange);
  } finally {
    await session.close();
  }
}

function hiveChange({ action, kind, name }: HiveStep): ClusterChange {
  return { region: null, kind, name, action, detail: 'in Hive' };
}

export async function wantedTopics(
  { spec, partitions }: ClusterTarget,
  region: string,
  admin: KafkaAdmin,
): Promise<WantedTopic[]> {
  const brokers = await admin.brokers();
  const wanted = topicsOf(region, spec, { brokers, partitions: partitions ?? PARTITIONS });
  return partitions === undefined ? likePresent(wanted, admin) : wanted;
}

/** Topics keep the partitions that they have, and new ones get as many as those. */
async function likePresent(wanted: readonly WantedTopic[], admin: KafkaAdmin): Promise<WantedTopic[]> {
  const present = await admin.topics(wanted.map(({ name }) => name));
  const counts = new Map(present.map(({ name, partitions }) => [name, partitions]));
  const most = counts.size === 0 ? PARTITIONS : Math.max(...counts.values());
  return wanted.map((topic) => ({ ...topic, partitions: counts.get(topic.name) ?? most }));
}

export function topicChanges(region: string, { steps, refusals }: TopicPlan): ClusterChange[] {
  const refused = refusals.map((detail): ClusterChange => ({
    region,
    kind: 'topic',
    name: detail.split(' ', 1)[0],
    action: 'refused',
    detail,
  }));
  return [...refused, ...steps.map((step) => topicChange(region, step))];
}

function topicChange(region: string, step: TopicStep): ClusterChange {
  const change = { region, kind: 'topic', action: step.do.replace('_', ' ') } as const;
  switch (step.do) {
    case 'create': {
      const { name, partitions, replicas, config } = step.topic;
      const detail = `${partitions} partitions, ${replicas} replicas, ${settingsText(config)}`;
      return { ...change, name, detail };
    }
    case 'add_partitions':
      return { ...change, name: step.topic, detail: `${step.from} → ${step.to}` };
    case 'set_config':
      return { ...change, name: step.topic, detail: settingsText(step.config) };
    default:
      return step satisfies never;
  }
}

function settingsText(config: Readonly<Record<string, string>>): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

export function tableChanges(region: string, steps: readonly PinotStep[]): ClusterChange[] {
  return steps.map(({ action, table, changes }) => ({
    region,
    kind: 'table',
    name: table,
    action,
    detail: changes.join('; '),
  }));
}

/** What applying would do with jobs that stand like this. */
export function jobPlan(region: string, jobs: readonly JobStatus[]): ClusterChange[] {
  return jobs
    .filter(({ isCurrent }) => isCurrent !== true)
    .map(({ name, isCurrent, jobId }) => ({
      region,
      kind: 'job',
      name,
      action: isCurrent === null ? 'start' : 'replace',
      detail:
        isCurrent === null ? 'from its newest checkpoint, if there is one' : `${jobId}, from a savepoint`,
    }));
}

export function jobChanges(region: string, jobs: readonly AppliedJob[]): ClusterChange[] {
  return jobs
    .filter(({ action }) => action !== 'left')
    .map(({ name, action, from, jobId }) => ({
      region,
      kind: 'job',
      name,
      action,
      detail: from === null ? jobId : `${jobId} from ${from}`,
    }));
}

/** For people. */
export function changesTable(changes: readonly ClusterChange[]): string {
  if (changes.length === 0) return 'Nothing: everything is as it is to be.';
  const rows = changes.map(({ region, kind, name, action, detail }) => [
    region ?? 'all',
    kind,
    name,
    action,
    detail,
  ]);
  return renderTable(['region', 'what', 'name', 'action', 'detail'], rows);
}
