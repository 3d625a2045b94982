import { withClusterLock } from '../../adapters/local-process/cluster-lock.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { stopCluster } from '../../cluster/local/stop-cluster.ts';
import type { CommandDefinition } from '../command.ts';
import { countOf } from '../table.ts';
import { purgeCluster, removeEmptyDirectory } from './cluster-state.ts';
import { addClusterDirectory, clusterDirectory, findCluster } from './local-cluster.ts';

interface Flags {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

export const downCommand: CommandDefinition = {
  usage: 'down',
  about: 'Stop the cluster; its data stays for the next "up"',
  configure: (command) =>
    addClusterDirectory(command)
      .option('--purge', 'remove all it has stored, too')
      .option('--yes', 'do not ask: with --purge'),
  run: async (command, terminal) => {
    const { purge = false, yes = false } = command.opts<Flags>();
    if (purge && !yes)
      throw new AdtallyError('usage', '--purge removes all data of the cluster for good: say --yes as well.');
    const cluster = findCluster(command);
    const directory = clusterDirectory(command);
    const stopped: string[] = [];
    if (cluster !== undefined) {
      const { plans, host } = cluster;
      await withClusterLock(directory, async () => {
        await stopCluster(plans, {
          host,
          clock: nodeClock,
          onStopped: (name, how) => {
            stopped.push(name);
            terminal.remark(DONE[how](name));
          },
        });
        if (purge) purgeCluster(directory);
      });
      if (purge) removeEmptyDirectory(directory);
    }
    const what = cluster === undefined ? `There is no cluster in ${directory}.` : describe(stopped, purge);
    terminal.result({ directory, stopped, purged: purge && cluster !== undefined }, what);
    return 0;
  },
};

const DONE = {
  stopped: (name: string) => `${name} has stopped`,
  killed: (name: string) => `${name} did not stop in time and was killed`,
  dead: (name: string) => `${name} was dead already`,
} as const;

function describe(stopped: readonly string[], purge: boolean): string {
  const data = purge ? 'Its data is removed.' : 'Its data stays.';
  return `The cluster is down (${countOf(stopped.length, 'process', 'processes')}). ${data}`;
}
