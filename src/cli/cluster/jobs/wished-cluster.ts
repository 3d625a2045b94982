import type { Command } from 'commander';
import { CheckpointDirectory } from '../../../adapters/flink/checkpoint-directory.ts';
import { FlinkJobManager } from '../../../adapters/flink/flink-jobs.ts';
import { FlinkSqlGateway } from '../../../adapters/flink/flink-sql-gateway.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../../base/errors.ts';
import type { ClusterAddresses } from '../../../cluster/addresses.ts';
import { checkPreflight } from '../../../cluster/checks/preflight.ts';
import type { JobServices } from '../../../cluster/jobs/apply-jobs.ts';
import type { JobWish } from '../../../cluster/jobs/job-wish.ts';
import { clusterDirectory } from '../local-cluster.ts';
import { readAddresses } from '../state/address-file.ts';
import { readJobWish } from '../state/job-wish-file.ts';
import { gatherFacts } from './preflight-facts.ts';

/** A cluster to whose jobs something is done: they are those that were applied last, whatever the spec says by now. */
export interface WishedCluster {
  readonly directory: string;
  readonly addresses: ClusterAddresses;
  readonly services: JobServices;
}

export function jobServices(addresses: ClusterAddresses): JobServices {
  return {
    sql: new FlinkSqlGateway(addresses.sqlGateway),
    jobManager: new FlinkJobManager(addresses.flink),
    files: new CheckpointDirectory(),
    clock: nodeClock,
  };
}

/** Throws AdtallyError not_found where there is no cluster. */
export function openWishedCluster(command: Command): WishedCluster {
  const directory = clusterDirectory(command);
  const addresses = readAddresses(directory);
  return { directory, addresses, services: jobServices(addresses) };
}

/** What was applied last. Throws AdtallyError not_found where nothing was. */
export function wishOf({ directory }: WishedCluster): JobWish {
  const wish = readJobWish(directory);
  if (wish !== null) return wish;
  throw new AdtallyError(
    'not_found',
    'No jobs were applied to this cluster yet: "adtally cluster apply" does.',
  );
}

/** Throws AdtallyError cluster_preflight when these jobs should not run on these servers. */
export async function checkWish({ addresses, services }: WishedCluster, { jobs }: JobWish): Promise<void> {
  const regions = [...Map.groupBy(jobs, ({ region }) => region)].map(([region, own]) => ({
    region,
    kafka: addresses.regions[region].kafka,
    jobs: own,
  }));
  checkPreflight(jobs, await gatherFacts(regions, services));
}
