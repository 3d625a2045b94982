import { AdtallyError } from '../../base/errors.ts';
import { sha256Hex } from '../../base/checksum.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { ClusterAddresses } from '../addresses.ts';
import { text, whole } from './sql-text.ts';

export const JOB_KINDS = ['aggregation', 'attribution', 'union-load', 'warehouse', 'touches'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** One job of a region, ready to be submitted. */
export interface RenderedJob {
  readonly region: string;
  readonly kind: JobKind;
  /** `adtally-REGION-KIND`: the same for every version of its SQL. */
  readonly name: string;
  /** Settings of the session in which the statements run. */
  readonly settings: Readonly<Record<string, string>>;
  /** In their order; the last one starts the job. */
  readonly statements: readonly string[];
}

/** What a job is rendered from. */
export interface JobInput {
  readonly spec: PipelineSpec;
  readonly region: string;
  readonly addresses: ClusterAddresses;
  readonly options?: JobOptions;
}

export interface JobOptions {
  /** How often results are committed, ms. */
  readonly checkpointIntervalMs?: number;
  /** Instances of each job; not more than partitions. */
  readonly parallelism?: number;
  /** Whether the records are written to the warehouse as well: by the first region, for all. */
  readonly hasWarehouse?: boolean;
  /** Whether counted events are written to PostgreSQL as well: by the first region, for all. */
  readonly hasTouches?: boolean;
}

const CHECKPOINT_INTERVAL_MS = SECOND_MS;

export function jobName(region: string, kind: JobKind): string {
  return `adtally-${region}-${kind}`;
}

/** `ttlMs`: how long state is kept after its last change. */
export function renderedJob(
  { region, options = {} }: JobInput,
  kind: JobKind,
  ttlMs: number,
  statements: readonly string[],
): RenderedJob {
  const interval = `${whole(options.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS)} ms`;
  const settings = {
    'execution.checkpointing.interval': interval,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'parallelism.default': whole(options.parallelism ?? 1),
    'pipeline.object-reuse': 'true',
    'table.exec.state.ttl': `${whole(ttlMs)} ms`,
    'table.exec.mini-batch.enabled': 'true',
    'table.exec.mini-batch.allow-latency': interval,
    'table.exec.mini-batch.size': '20000',
    'table.local-time-zone': 'UTC',
    // Without it every sink of a job would judge events by a state of its own.
    'table.optimizer.reuse-optimize-block-with-digest-enabled': 'true',
  };
  return { region, kind, name: jobName(region, kind), settings, statements };
}

/** What tells one version of a job from another: 16 hex digits over all that is submitted. */
export function jobDigest({ settings, statements }: RenderedJob): string {
  return sha256Hex(JSON.stringify([settings, statements])).slice(0, 16);
}

/** The job as one would type it, for people and golden files. */
export function jobScript({ settings, statements }: RenderedJob): string {
  const sets = Object.entries(settings).map(([key, value]) => `SET ${text(key)} = ${text(value)}`);
  return [...sets, ...statements].map((statement) => `${statement};\n`).join('\n');
}

/** The Kafka of a region. Throws config_invalid where there is none. */
export function kafkaOf({ region, addresses }: JobInput): string {
  const kafka = Object.hasOwn(addresses.regions, region) ? addresses.regions[region].kafka : undefined;
  if (kafka !== undefined) return kafka;
  const known = Object.keys(addresses.regions).join(', ');
  throw new AdtallyError(
    'config_invalid',
    `Region ${region} has no Kafka among the addresses of the cluster, which know ${known === '' ? 'none' : known}.`,
  );
}

/** Throws config_invalid for a region that is none of the spec's. */
export function checkRegion({ spec, region }: JobInput): void {
  if (spec.regions.includes(region)) return;
  throw new AdtallyError(
    'config_invalid',
    `Region ${region} is none of the spec's: ${spec.regions.join(', ')}.`,
  );
}
