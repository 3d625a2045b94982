import { setTimeout } from 'node:timers/promises';
import { lastLines, logBytes, readLog } from '../../adapters/local-process/log-file.ts';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { listenForStop } from '../stop-signal.ts';
import { formatSize, renderTable } from '../table.ts';
import { addClusterDirectory, openCluster } from './local-cluster.ts';

const POLL_MS = 250;
const LINES = 100;
const LINES_MAX = 100_000;

interface Flags {
  readonly follow?: boolean;
  readonly lines: number;
}

export const logsCommand: CommandDefinition = {
  usage: 'logs [name]',
  about: 'Show the log of a process of the cluster; without a name, which logs there are',
  more: 'The log of a process begins with its start; that of the life before is beside it, as NAME.previous.log.',
  configure: (command) =>
    addClusterDirectory(command)
      .option('--lines <count>', 'how many of the last lines', wholeNumber(1, LINES_MAX), LINES)
      .option('--follow', 'go on with what is written from now on, until Ctrl-C'),
  run: async (command, terminal) => {
    const { plans, host } = openCluster(command);
    const [name] = command.args;
    const { follow = false, lines: count } = command.opts<Flags>();
    const names = plans.map((plan) => plan.name);
    if (name === undefined) {
      const logs = names.map((one) => ({
        name: one,
        path: host.logPath(one),
        bytes: logBytes(host.logPath(one)),
      }));
      const rows = logs.map(({ name: one, path, bytes }) => [one, formatSize(bytes), path]);
      terminal.result(logs, renderTable(['process', 'size', 'log'], rows));
      return 0;
    }
    if (!names.includes(name))
      throw new AdtallyError(
        'not_found',
        `The cluster has no process ${name}${didYouMean(name, names)} It has ${names.join(', ')}.`,
      );
    const path = host.logPath(name);
    const end = logBytes(path);
    const lines = lastLines(path, count);
    terminal.result({ name, path, lines }, lines.join('\n'));
    if (follow) await followLog(path, end);
    return 0;
  },
};

/** Writes what comes to the log from byte `from` on, until somebody stops it. */
async function followLog(path: string, from: number): Promise<void> {
  const { signal } = listenForStop();
  let at = from;
  while (!signal.aborted) {
    const { text, end } = readLog(path, at);
    at = end;
    if (text !== '') process.stdout.write(text);
    // Rejects when it is stopped, which is the way this ends.
    else await setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
