import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { gather } from '../command.ts';

const BROKER = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

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
    .option('--cluster <dir>', 'directory of a local cluster, whose addresses.json names all servers');
}

/** Throws AdtallyError config_invalid for a region that is none of the spec's. */
export function chooseRegion({ regions }: PipelineSpec, name: string | undefined): string {
  if (name === undefined || regions.includes(name)) return name ?? regions[0];
  throw new AdtallyError(
    'config_invalid',
    `--region is "${name}"; the regions of the spec are ${regions.join(', ')}.${didYouMean(name, regions)}`,
  );
}

/** Brokers of the region's Kafka. Throws AdtallyError usage without an address, config_invalid for one that is none. */
export function brokersOf({ kafka, cluster }: ServerFlags, region: string): string[] {
  if (kafka === undefined && cluster === undefined) {
    throw new AdtallyError(
      'usage',
      'Say where Kafka is: --kafka HOST:PORT, or --cluster DIR for a local cluster.',
    );
  }
  return checkBrokers('--kafka', kafka ?? [brokerIn(cluster!, region)]);
}

/** Brokers of the Kafka of another region; undefined where that is not known. Throws AdtallyError config_invalid. */
export function peerBrokersOf(
  peerKafka: string[] | undefined,
  cluster: string | undefined,
  peer: string,
): string[] | undefined {
  if (peerKafka !== undefined) return checkBrokers('--peer-kafka', peerKafka);
  return cluster === undefined ? undefined : [brokerIn(cluster, peer)];
}

function checkBrokers(flag: string, brokers: string[]): string[] {
  const wrong = brokers.find((broker) => !BROKER.test(broker));
  if (wrong === undefined) return brokers;
  throw new AdtallyError('config_invalid', `${flag} is "${wrong}"; it must be HOST:PORT, as 127.0.0.1:9092.`);
}

/** The broker of the region in the addresses of a local cluster. */
function brokerIn(directory: string, region: string): string {
  const { kafka } = addressesIn(directory, region);
  if (typeof kafka === 'string') return kafka;
  throw new AdtallyError('config_invalid', `${addressFile(directory)} names no Kafka of region ${region}.`);
}

/** The URL of a part of the region's Pinot; null where there is none. */
export function pinotOf(
  directory: string | undefined,
  region: string,
  part: 'pinotBroker' | 'pinotController',
): string | null {
  if (directory === undefined) return null;
  const url = addressesIn(directory, region)[part];
  return typeof url === 'string' && url !== '' ? url : null;
}

/** The URL of the cluster's PostgreSQL; null where there is none. */
export function postgresOf(directory: string | undefined): string | null {
  if (directory === undefined) return null;
  const { postgres } = readAddresses(directory);
  return typeof postgres === 'string' && postgres !== '' ? postgres : null;
}

function addressFile(directory: string): string {
  return join(directory, 'addresses.json');
}

interface WrittenRegion {
  readonly kafka?: unknown;
  readonly pinotBroker?: unknown;
  readonly pinotController?: unknown;
}

interface WrittenAddresses {
  readonly regions?: Readonly<Record<string, WrittenRegion>>;
  readonly postgres?: unknown;
}

function addressesIn(directory: string, region: string): WrittenRegion {
  return readAddresses(directory).regions?.[region] ?? {};
}

function readAddresses(directory: string): WrittenAddresses {
  const path = addressFile(directory);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as WrittenAddresses;
  } catch (cause) {
    throw new AdtallyError('config_invalid', `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
