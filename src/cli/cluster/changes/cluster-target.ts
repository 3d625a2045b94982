import type { Command } from 'commander';
import { HttpPinotController } from '../../../adapters/pinot/pinot-controller.ts';
import { MINUTE_MS, SECOND_MS } from '../../../base/units.ts';
import type { ClusterAddresses } from '../../../cluster/addresses.ts';
import type { JobServices } from '../../../cluster/jobs/apply-jobs.ts';
import { renderRegionJobs } from '../../../cluster/region-jobs.ts';
import { pinotTables, type PinotTable } from '../../../cluster/render/pinot-tables.ts';
import type { RenderedJob } from '../../../cluster/render/rendered-job.ts';
import { hiveObjects, type HiveObject } from '../../../cluster/warehouse/hive-objects.ts';
import type { HiveSession } from '../../../cluster/warehouse/ports.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { wholeNumber } from '../../command.ts';
import { addSettingOptions, readSpec } from '../../settings-options.ts';
import { jobServices } from '../jobs/wished-cluster.ts';
import type { TargetPinot } from '../jobs/preflight-facts.ts';
import { addClusterDirectory, clusterDirectory } from '../local-cluster.ts';
import { readAddresses } from '../state/address-file.ts';
import { readJobWish } from '../state/job-wish-file.ts';

const PARTITIONS_MAX = 1000;
const PINOT_TIMEOUT_MS = 30 * SECOND_MS;
/** Of one statement; none of them reads rows. */
const HIVE_LIMITS = { timeMaxMs: 5 * MINUTE_MS, rowsMax: 1000 };
/** Where the servers are, and what they are to be told, come from the cluster itself; the rest from the spec. */
const OTHERWISE = /^(regions|peer|server\.|data$|replication\.|reporting\.|warehouse\.)/;

/** What one region of a cluster is to have. */
export interface RegionTarget {
  readonly region: string;
  /** `host:port` of its Kafka; several with commas. */
  readonly kafka: string;
  /** Null when the cluster has no Pinot. */
  readonly pinot: TargetPinot | null;
  readonly tables: readonly PinotTable[];
  readonly jobs: readonly RenderedJob[];
}

/** The warehouse of all regions, as Hive is to have it. */
export interface HiveTarget {
  readonly objects: readonly HiveObject[];
  /** Rejects with AdtallyError cluster_unreachable. */
  readonly open: () => Promise<HiveSession>;
}

/** What a cluster is to have, and how it is asked for it. */
export interface ClusterTarget {
  readonly directory: string;
  readonly spec: PipelineSpec;
  /** Of topics that are not there yet, and of all others where they have fewer; undefined for as many as those that are there have. */
  readonly partitions: number | undefined;
  /** Instances of each job. */
  readonly parallelism: number;
  readonly regions: readonly RegionTarget[];
  readonly services: JobServices;
  /** Null when the cluster has no Hive. */
  readonly hive: HiveTarget | null;
  /** URL of the PostgreSQL that has the table of touches; undefined when the cluster has none. */
  readonly postgres: string | undefined;
}

export function addTargetOptions(command: Command): Command {
  addClusterDirectory(command)
    .option(
      '--partitions <count>',
      'partitions of each topic (default: those of the topics that are there, else 2)',
      wholeNumber(1, PARTITIONS_MAX),
    )
    .option(
      '--warehouse',
      'write the records as Parquet files, also where the cluster has no Hive to read them',
    );
  addSettingOptions(command, (path) => !OTHERWISE.test(path));
  return command;
}

/** Throws AdtallyError not_found without a cluster, config_invalid for a spec that a cluster cannot do. */
export async function readTarget(command: Command): Promise<ClusterTarget> {
  const directory = clusterDirectory(command);
  const addresses = readAddresses(directory);
  const { partitions, warehouse } = command.opts<{ partitions?: number; warehouse?: boolean }>();
  // Stays what "rescale" made it.
  const parallelism = readJobWish(directory)?.parallelism ?? 1;
  const regions = Object.keys(addresses.regions);
  const spec: PipelineSpec = { ...(await readSpec(command)), regions };
  const options = {
    checkpointIntervalMs: addresses.checkpointIntervalMs,
    hasWarehouse: addresses.hive !== undefined || warehouse === true,
    hasTouches: addresses.postgres !== undefined,
    parallelism,
  };
  return {
    directory,
    spec,
    partitions,
    postgres: addresses.postgres,
    parallelism,
    regions: regions.map((region) => ({
      region,
      kafka: addresses.regions[region].kafka,
      ...pinotTarget(spec, region, addresses),
      jobs: renderRegionJobs({ spec, region, addresses, options }),
    })),
    services: jobServices(addresses),
    hive: hiveTarget(addresses),
  };
}

function pinotTarget(
  spec: PipelineSpec,
  region: string,
  { regions, pinotDialect: dialect, pinotReplication: replication }: ClusterAddresses,
): Pick<RegionTarget, 'pinot' | 'tables'> {
  const { kafka, pinotController: url } = regions[region];
  if (url === undefined) return { pinot: null, tables: [] };
  const controller = new HttpPinotController({ url, timeoutMs: PINOT_TIMEOUT_MS });
  return {
    pinot: { controller, dialect },
    tables: pinotTables(spec, { region, kafka, dialect, replication }),
  };
}

function hiveTarget({ hive, warehouse }: ClusterAddresses): HiveTarget | null {
  if (hive === undefined) return null;
  const open = async (): Promise<HiveSession> => {
    const { openHive } = await import('../../../adapters/hive/hive-server.ts');
    return openHive({ address: hive, ...HIVE_LIMITS });
  };
  return { objects: hiveObjects(warehouse), open };
}
