import { serverProbe } from '../../adapters/local-process/server-probe.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import type { UnixMs } from '../../base/clock.ts';
import { ERRORS } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import { addressesOf } from '../../cluster/local/cluster-layout.ts';
import { readStatus, type ProcessStatus } from '../../cluster/local/process-status.ts';
import type { CommandDefinition } from '../command.ts';
import { formatSize, renderTable } from '../table.ts';
import { addClusterDirectory, openCluster } from './local-cluster.ts';

export const statusCommand: CommandDefinition = {
  usage: 'status',
  about: 'Show the processes of the cluster, and whether each serves',
  more: `Ends with exit code ${ERRORS.cluster_failed.exit} when one does not.`,
  configure: (command) => addClusterDirectory(command),
  run: async (command, terminal) => {
    const { layout, plans, host } = openCluster(command);
    const processes = await readStatus(plans, host, serverProbe);
    const { directory } = layout;
    terminal.result(
      { directory, processes, addresses: addressesOf(layout) },
      statusTable(processes, nodeClock.now()),
    );
    return processes.every(({ state }) => state === 'ready') ? 0 : ERRORS.cluster_failed.exit;
  },
};

/** For people; with a line for all of them. */
export function statusTable(processes: readonly ProcessStatus[], now: UnixMs): string {
  const rows = processes.map(({ name, state, pid, residentBytes, plannedBytes, startedAt, url }) => [
    name,
    state,
    pid === null ? '–' : `${pid}`,
    residentBytes === null ? '–' : formatSize(residentBytes),
    formatSize(plannedBytes),
    startedAt === null ? '–' : formatAge(now - startedAt),
    url,
  ]);
  const sum = (bytes: (process: ProcessStatus) => number | null): string =>
    formatSize(processes.reduce((total, process) => total + (bytes(process) ?? 0), 0));
  const all = ['in all', '', '', sum((one) => one.residentBytes), sum((one) => one.plannedBytes), '', ''];
  return renderTable(['process', 'state', 'pid', 'memory', 'planned', 'up for', 'url'], [...rows, all]);
}

/** 3_725_000 → "1:02:05". */
function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  return `${Math.floor(seconds / 3600)}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
