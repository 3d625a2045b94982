import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { Compression } from '../../adapters/kafka/kafka-publisher.ts';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { gather, type CommandDefinition } from '../command.ts';
import { addSettingOptions, readSpec } from '../settings-options.ts';
import { listenForStop } from '../stop-signal.ts';

/** The settings that a gateway heeds. */
const SETTINGS =
  /^(server\.|data$|regions$|requiredFields$|defaultCurrency$|limits\.(eventsPerRequest|bytesPerRequest|problemsPerRequest|pendingBytes|requestsPerSecond)\b)/;
const BROKER = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

interface Flags {
  readonly region?: string;
  readonly kafka?: string[];
  readonly cluster?: string;
  readonly pinot?: string;
  readonly compression: Compression;
}

export const gatewayCommand: CommandDefinition = {
  usage: 'gateway',
  about: 'Take in events and orders for a cluster: the same HTTP as a region, written to Kafka',
  more: 'It keeps nothing: run as many as you need. Keys are those of --data. SIGTERM or Ctrl-C stops it once what it accepted is answered.',
  configure: (command) => {
    command
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
      .option('--cluster <dir>', 'directory of a local cluster, whose addresses.json names all servers')
      .option('--pinot <url>', 'the broker of the region’s Pinot, for /v1/reports/figures')
      .addOption(
        new Option('--compression <codec>', 'how messages are compressed')
          .choices(['none', 'gzip', 'zstd'])
          .default('none'),
      );
    addSettingOptions(command, (path) => SETTINGS.test(path));
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await readSpec(command);
    const flags = command.opts<Flags>();
    const region = chooseRegion(spec, flags.region);
    const brokers = brokersOf(command, region);
    const pinot = flags.pinot ?? pinotOf(flags.cluster, region);
    const { runGateway } = await import('./gateway-process.ts');
    const running = await runGateway({ spec, region, brokers, compression: flags.compression, pinot });
    const { url } = running;
    terminal.result(
      { event: 'started', region, url, kafka: brokers, pid: process.pid },
      `Gateway of region ${region} takes in events at ${url}/v1/events and writes them to Kafka at ${brokers.join(', ')}.`,
    );
    await stop.asked;
    terminal.remark('Stopping: answering what was accepted ...');
    await running.close();
    terminal.result({ event: 'stopped', region }, `The gateway of region ${region} has stopped.`);
    return 0;
  },
};

function chooseRegion({ regions }: PipelineSpec, name: string | undefined): string {
  if (name === undefined || regions.includes(name)) return name ?? regions[0];
  throw new AdtallyError(
    'config_invalid',
    `--region is "${name}"; the regions of the spec are ${regions.join(', ')}.${didYouMean(name, regions)}`,
  );
}

/** Throws AdtallyError usage without an address, config_invalid for one that is none. */
function brokersOf(command: Command, region: string): string[] {
  const { kafka, cluster } = command.opts<Flags>();
  if (kafka === undefined && cluster === undefined) {
    throw new AdtallyError(
      'usage',
      'Say where Kafka is: --kafka HOST:PORT, or --cluster DIR for a local cluster.',
    );
  }
  const brokers = kafka ?? [brokerIn(cluster!, region)];
  const wrong = brokers.find((broker) => !BROKER.test(broker));
  if (wrong === undefined) return brokers;
  throw new AdtallyError('config_invalid', `--kafka is "${wrong}"; it must be HOST:PORT, as 127.0.0.1:9092.`);
}

/** The broker of the region in the addresses of a local cluster. */
function brokerIn(directory: string, region: string): string {
  const { kafka } = addressesIn(directory, region);
  if (typeof kafka === 'string') return kafka;
  throw new AdtallyError('config_invalid', `${addressFile(directory)} names no Kafka of region ${region}.`);
}

function pinotOf(directory: string | undefined, region: string): string | null {
  if (directory === undefined) return null;
  const { pinotBroker } = addressesIn(directory, region);
  return typeof pinotBroker === 'string' && pinotBroker !== '' ? pinotBroker : null;
}

function addressFile(directory: string): string {
  return join(directory, 'addresses.json');
}

function addressesIn(
  directory: string,
  region: string,
): { readonly kafka?: unknown; readonly pinotBroker?: unknown } {
  const path = addressFile(directory);
  try {
    const { regions } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly regions?: Readonly<Record<string, object>>;
    };
    return regions?.[region] ?? {};
  } catch (cause) {
    throw new AdtallyError('config_invalid', `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
