import { artifactsDirectory } from '../../adapters/artifact-store/artifact-store.ts';
import { mkdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Option, type Command } from 'commander';
import { withClusterLock } from '../../adapters/local-process/cluster-lock.ts';
import { javaProgram, javaVersion } from '../../adapters/local-process/java-program.ts';
import type { NodeProcessHost } from '../../adapters/local-process/node-process-host.ts';
import { takenPorts } from '../../adapters/local-process/port-check.ts';
import {
  folderClosedToOthers,
  postgresPrograms,
  postgresUser,
} from '../../adapters/local-process/postgres-program.ts';
import { availableMib, hasProc } from '../../adapters/local-process/proc-file-system.ts';
import { serverProbe } from '../../adapters/local-process/server-probe.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';
import {
  addressesOf,
  jarGroupsOf,
  OPTIONAL_PARTS,
  STATE_BACKENDS,
  type ClusterLayout,
} from '../../cluster/local/cluster-layout.ts';
import { checkMachine } from '../../cluster/local/preflight.ts';
import type { ProcessPlan } from '../../cluster/local/process-plan.ts';
import { readStatus } from '../../cluster/local/process-status.ts';
import { processTable } from '../../cluster/local/processes/process-table.ts';
import { startCluster } from '../../cluster/local/start-cluster.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { addSettingOptions } from '../settings-options.ts';
import type { Terminal } from '../terminal.ts';
import { readClusterState, writeClusterState } from './cluster-state.ts';
import { fetchWithBar } from './fetch.ts';
import { addClusterDirectory, clusterDirectory, hostOf, refuseElsewhere } from './local-cluster.ts';
import { statusTable } from './status.ts';
import { wishedLayout } from './wished-layout.ts';

const PORT_MAX = 65_000;
const MIB_MAX = 1_048_576;

export const upCommand: CommandDefinition = {
  usage: 'up',
  about: 'Start what does not run of a cluster on this machine, and wait until it serves',
  more: 'It goes on when this command has ended; "adtally cluster down" stops it. Needs Linux, JDK 17 and, unless it is left out, PostgreSQL.',
  configure: (command) => {
    addClusterDirectory(command)
      .option(
        '--port-base <port>',
        'first of its ports, 0 for free ones (default: 19000)',
        wholeNumber(0, PORT_MAX),
      )
      .addOption(
        new Option('--without <part...>', 'what to leave out, for less memory').choices(OPTIONAL_PARTS),
      )
      .option(
        '--checkpoint-interval <ms>',
        'how often Flink’s jobs commit (default: 1000)',
        wholeNumber(100, HOUR_MS),
      )
      .option(
        '--state-memory <MiB>',
        'memory for the state of Flink’s jobs (default: 768)',
        wholeNumber(64, MIB_MAX),
      )
      .addOption(
        new Option(
          '--state-backend <kind>',
          'where that state is: on the disk, or all of it on the heap (default: rocksdb)',
        ).choices(STATE_BACKENDS),
      );
    addSettingOptions(command, (path) => path === 'regions');
  },
  run: async (command, terminal) => {
    if (!hasProc()) throw new AdtallyError('cluster_preflight', 'A local cluster needs Linux, with /proc.');
    const directory = clusterDirectory(command);
    mkdirSync(directory, { recursive: true });
    return await withClusterLock(directory, () => up(command, directory, terminal));
  },
};

async function up(command: Command, directory: string, terminal: Terminal): Promise<number> {
  const startMs = nodeClock.monotonicMs();
  const before = readClusterState(directory);
  if (before === undefined) refuseElsewhere(directory);
  const layout = await wishedLayout(command, directory, before);
  const host = hostOf(directory);
  refuseOtherWhileRunning(before, layout, host);
  const plans = await preparePlans(layout, host, terminal);
  writeClusterState(layout);
  await startCluster(plans, {
    host,
    probe: serverProbe,
    clock: nodeClock,
    onReady: ({ name, isKept, tookMs }) => {
      terminal.remark(`${name} ${isKept ? 'ran already' : `is ready after ${seconds(tookMs)}`}`);
    },
  });
  const processes = await readStatus(plans, host, serverProbe);
  const tookMs = nodeClock.monotonicMs() - startMs;
  terminal.result(
    { directory, tookMs: Math.round(tookMs), processes, addresses: addressesOf(layout) },
    `${statusTable(processes, nodeClock.now())}\n\nThe cluster is up after ${seconds(tookMs)}. Its addresses are in ${directory}/addresses.json.`,
  );
  return 0;
}

/** The plans of all processes, after a look at whether this machine can run those that are missing. */
export async function preparePlans(
  layout: ClusterLayout,
  host: NodeProcessHost,
  terminal: Terminal,
): Promise<ProcessPlan[]> {
  const java = javaProgram(process.env);
  const postgres = { programs: postgresPrograms(process.env), user: postgresUser() };
  const runtime = { java, jars: {}, postgres: { ...postgres, programs: postgres.programs ?? '' } };
  const isMissing = ({ name }: ProcessPlan): boolean => host.find(name) === undefined;
  const missing = processTable(layout, runtime).filter(isMissing);
  checkMachine(missing, {
    javaVersion: await javaVersion(java),
    ...(missing.some(({ name }) => name === 'postgres')
      ? {
          postgres: {
            ...postgres,
            closedFolder: postgres.user === null ? undefined : folderClosedToOthers(layout.directory),
          },
        }
      : {}),
    availableMib: availableMib(),
    takenPorts: await takenPorts(missing.flatMap(({ ports }) => ports.map(({ number }) => number))),
  });
  const fetched = await fetchWithBar(
    jarGroupsOf(layout),
    artifactsDirectory(),
    new AbortController().signal,
    terminal,
  );
  return processTable(layout, { ...runtime, jars: Object.fromEntries(fetched.directories) });
}

function refuseOtherWhileRunning(
  before: ClusterLayout | undefined,
  layout: ClusterLayout,
  host: NodeProcessHost,
): void {
  if (before === undefined || isDeepStrictEqual(before, layout)) return;
  if (host.names().every((name) => host.find(name) === undefined)) return;
  throw new AdtallyError(
    'usage',
    'The cluster runs with other options: stop it with "adtally cluster down" first.',
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
