import { Option } from 'commander';
import { AdtallyError } from '../../../base/errors.ts';
import type { CommandDefinition } from '../../command.ts';
import { addSettingOptions, readSpec } from '../../settings-options.ts';
import { listenForStop } from '../../stop-signal.ts';
import {
  addServerOptions,
  brokersFor,
  chooseRegion,
  clusterOf,
  regionIn,
  type ServerFlags,
} from '../region-servers.ts';

/** The settings that the service heeds. */
const SETTINGS = /^(server\.|data$|regions$|budget\.retention$|limits\.requestsPerSecond\b)/;

interface Flags extends ServerFlags {
  readonly postgres?: string;
}

export const serveCommand: CommandDefinition = {
  usage: 'serve',
  about: 'Charge the campaigns of a cluster and serve their budgets: the same HTTP as a region',
  more:
    'Run as many as you need, with the same --region, whose load topic has the records of all regions: one of them charges, the others\n' +
    'answer as well and take over within seconds. Keys and the trail are those of --data. SIGTERM or Ctrl-C stops it.',
  configure: (command) => {
    addServerOptions(command).addOption(
      new Option('--postgres <url>', 'where the ledger is: postgresql://USER@HOST:PORT/DATABASE').env(
        'ADTALLY_POSTGRES',
      ),
    );
    addSettingOptions(command, (path) => SETTINGS.test(path));
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await readSpec(command);
    const flags = command.opts<Flags>();
    const region = chooseRegion(spec, flags.region);
    const cluster = clusterOf(flags);
    const brokers = brokersFor(flags, regionIn(cluster, region));
    const postgres = flags.postgres ?? cluster?.postgres;
    if (postgres === undefined) {
      throw new AdtallyError(
        'usage',
        'Say where PostgreSQL is: --postgres URL, or --cluster DIR for a cluster that has one.',
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
