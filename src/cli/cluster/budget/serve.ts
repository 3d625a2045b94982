import { Option } from 'commander';
import { AdtallyError } from '../../../base/errors.ts';
import { gather, type CommandDefinition } from '../../command.ts';
import { addSettingOptions, readSpec } from '../../settings-options.ts';
import { listenForStop } from '../../stop-signal.ts';
import { brokersOf, chooseRegion, postgresIn } from '../server-addresses.ts';

/** The settings that the service heeds. */
const SETTINGS = /^(server\.|data$|regions$|budget\.retention$|limits\.requestsPerSecond\b)/;

interface Flags {
  readonly region?: string;
  readonly kafka?: string[];
  readonly postgres?: string;
  readonly cluster?: string;
}

export const serveCommand: CommandDefinition = {
  usage: 'serve',
  about: 'Charge the campaigns of a cluster and serve their budgets: the same HTTP as a region',
  more:
    'Run as many as you need: one of them charges, the others answer as well and take over within seconds. Keys and the trail are\n' +
    'those of --data. SIGTERM or Ctrl-C stops it.',
  configure: (command) => {
    command
      .addOption(
        new Option(
          '--region <name>',
          'the region whose records of all regions are read; the same for all processes (default: the first)',
        ).env('ADTALLY_REGION'),
      )
      .addOption(
        new Option(
          '--kafka <host:port>',
          'a broker of the region’s Kafka; may be given several times',
        ).argParser(gather(String)),
      )
      .addOption(
        new Option('--postgres <url>', 'where the ledger is: postgresql://USER@HOST:PORT/DATABASE').env(
          'ADTALLY_POSTGRES',
        ),
      )
      .option('--cluster <dir>', 'directory of a local cluster, whose addresses.json names all servers');
    addSettingOptions(command, (path) => SETTINGS.test(path));
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await readSpec(command);
    const flags = command.opts<Flags>();
    const region = chooseRegion(spec, flags.region);
    const brokers = brokersOf(flags, region);
    const postgres = flags.postgres ?? postgresIn(flags.cluster);
    if (postgres === null) {
      throw new AdtallyError(
        'usage',
        'Say where PostgreSQL is: --postgres URL, or --cluster DIR for a local cluster that has one.',
      );
    }
    const { runBudgetService } = await import('./budget-process.ts');
    const running = await runBudgetService({ spec, region, brokers, postgres });
    const { url } = running;
    terminal.result(
      { event: 'started', region, url, kafka: brokers, pid: process.pid },
      `Budgets are served at ${url}/v1/budgets; records come from region ${region}’s Kafka at ${brokers.join(', ')}.`,
    );
    await stop.asked;
    terminal.remark('Stopping: keeping what is under way ...');
    await running.close();
    terminal.result({ event: 'stopped', region }, 'The budget service has stopped.');
    return 0;
  },
};
