import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import {
  brokersOf,
  HOST_PORT,
  type ClusterAddresses,
  type RegionAddresses,
} from '../../cluster/addresses.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { gather } from '../command.ts';
import { readAddresses } from './state/address-file.ts';

/** Which region a process works for, and where its servers are. */
export interface ServerFlags {
  readonly region?: string;
  readonly kafka?: string[];
  readonly cluster?: string;
}

export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--region <name>', 'the region whose Kafka this is (default: the first)').env(
        'ADTALLY_REGION',
      ),
    )
    .addOption(
      new Option(
        '--kafka <host:port>',
        'a broker of the region’s Kafka; may be given several times',
      ).argParser(gather(String)),
    )
    .option('--cluster <dir>', 'directory of a cluster, whose addresses.json names all servers');
}

/** Throws AdtallyError config_invalid for a region that is none of the spec's. */
export function chooseRegion({ regions }: PipelineSpec, name: string | undefined): string {
  if (name === undefined || regions.includes(name)) return name ?? regions[0];
  throw new AdtallyError(
    'config_invalid',
    `--region is "${name}"; the regions of the spec are ${regions.join(', ')}.${didYouMean(name, regions)}`,
  );
}

/** Where the servers of --cluster are; undefined without it. Throws AdtallyError not_found or config_invalid. */
export function clusterOf({ cluster }: ServerFlags): ClusterAddresses | undefined {
  return cluster === undefined ? undefined : readAddresses(resolve(cluster));
}

/** The servers of one region of it. Throws AdtallyError config_invalid for a region that it has not. */
export function regionIn(cluster: ClusterAddresses | undefined, region: string): RegionAddresses | undefined {
  if (cluster === undefined || Object.hasOwn(cluster.regions, region)) return cluster?.regions[region];
  const known = Object.keys(cluster.regions);
  throw new AdtallyError(
    'config_invalid',
    `The cluster has no region ${region}; it has ${known.join(', ')}.${didYouMean(region, known)}`,
  );
}

/** Brokers of the region's Kafka. Throws AdtallyError usage without an address, config_invalid for one that is none. */
export function brokersFor({ kafka }: ServerFlags, servers: RegionAddresses | undefined): string[] {
  const brokers = brokersGiven('--kafka', kafka, servers);
  if (brokers !== undefined) return brokers;
  throw new AdtallyError('usage', 'Say where Kafka is: --kafka HOST:PORT, or --cluster DIR for a cluster.');
}

/** Those of the command line, else those of the cluster; undefined without either. Throws AdtallyError config_invalid. */
export function brokersGiven(
  flag: string,
  brokers: string[] | undefined,
  servers: RegionAddresses | undefined,
): string[] | undefined {
  if (brokers === undefined) return servers === undefined ? undefined : brokersOf(servers.kafka);
  const wrong = brokers.find((broker) => !HOST_PORT.test(broker));
  if (wrong === undefined) return brokers;
  throw new AdtallyError('config_invalid', `${flag} is "${wrong}"; it must be HOST:PORT, as 127.0.0.1:9092.`);
}
