import { Option } from 'commander';
import type { Compression } from '../../../adapters/kafka/kafka-publisher.ts';
import { peerOf } from '../../../cluster/cluster-plan.ts';
import { gather, type CommandDefinition } from '../../command.ts';
import { addSettingOptions, readSpec } from '../../settings-options.ts';
import { listenForStop } from '../../stop-signal.ts';
import {
  addServerOptions,
  brokersFor,
  brokersGiven,
  chooseRegion,
  clusterOf,
  regionIn,
  type ServerFlags,
} from '../region-servers.ts';

/** The settings that a gateway heeds. */
const SETTINGS =
  /^(server\.|data$|regions$|requiredFields$|defaultCurrency$|limits\.(eventsPerRequest|bytesPerRequest|problemsPerRequest|pendingBytes|requestsPerSecond)\b)/;

interface Flags extends ServerFlags {
  readonly pinot?: string;
  readonly pinotController?: string;
  readonly peerKafka?: string[];
  readonly postgres?: string;
  readonly compression: Compression;
}

export const gatewayCommand: CommandDefinition = {
  usage: 'gateway',
  about: 'Take in events and orders for a cluster: the same HTTP as a region, written to Kafka',
  more: 'It keeps nothing: run as many as you need. Keys are those of --data. SIGTERM or Ctrl-C stops it once what it accepted is answered.',
  configure: (command) => {
    addServerOptions(command)
      .option('--pinot <url>', 'the broker of the region’s Pinot, for /v1/reports/figures')
      .option('--pinot-controller <url>', 'its controller, so that reports say how far they reach')
      .addOption(
        new Option(
          '--peer-kafka <host:port>',
          'a broker of the other region’s Kafka, for that too; may be given several times',
        ).argParser(gather(String)),
      )
      .addOption(
        new Option('--postgres <url>', 'the PostgreSQL with the touches, for /v1/touches').env(
          'ADTALLY_POSTGRES',
        ),
      )
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
    const cluster = clusterOf(flags);
    const servers = regionIn(cluster, region);
    const brokers = brokersFor(flags, servers);
    const peer = peerOf(spec, region);
    const { runGateway } = await import('./gateway-process.ts');
    const running = await runGateway({
      spec,
      region,
      brokers,
      compression: flags.compression,
      peerBrokers:
        peer === undefined
          ? undefined
          : brokersGiven('--peer-kafka', flags.peerKafka, regionIn(cluster, peer)),
      pinot: flags.pinot ?? servers?.pinotBroker ?? null,
      pinotController: flags.pinotController ?? servers?.pinotController ?? null,
      postgres: flags.postgres ?? cluster?.postgres ?? null,
    });
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
