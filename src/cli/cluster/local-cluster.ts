import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { NodeProcessHost } from '../../adapters/local-process/node-process-host.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { LOG_FOLDER, type ClusterLayout } from '../../cluster/local/cluster-layout.ts';
import { processTable } from '../../cluster/local/processes/process-table.ts';
import type { ProcessPlan } from '../../cluster/local/process-plan.ts';
import { readClusterState } from './cluster-state.ts';
import { ADDRESS_FILE } from './state/address-file.ts';

/** Paths go into configuration files and URLs as they are. */
const PLAIN_PATH = /^[\w./-]+$/;

/** A cluster that is there, running or not. */
export interface LocalCluster {
  readonly layout: ClusterLayout;
  readonly plans: readonly ProcessPlan[];
  readonly host: NodeProcessHost;
}

export function addClusterDirectory(command: Command): Command {
  return command.option('--data <dir>', 'directory of the cluster', '.adtally/cluster');
}

/** Absolute. Throws AdtallyError usage. */
export function clusterDirectory(command: Command): string {
  const directory = resolve(command.getOptionValue('data') as string);
  if (!PLAIN_PATH.test(directory))
    throw new AdtallyError(
      'usage',
      `--data ${directory} has characters that not all of its programs read alike: use letters, digits, "-", "_" and ".".`,
    );
  return directory;
}

export function hostOf(directory: string): NodeProcessHost {
  return new NodeProcessHost({ directory, logFolder: LOG_FOLDER, clock: nodeClock });
}

/** The cluster of --data; undefined when there is none. Throws AdtallyError usage for one that runs elsewhere. */
export function findCluster(command: Command): LocalCluster | undefined {
  const directory = clusterDirectory(command);
  const cluster = localClusterIn(directory);
  if (cluster === undefined) refuseElsewhere(directory);
  return cluster;
}

/** The cluster of this machine in `directory`; undefined when there is none, or one that runs elsewhere. */
export function localClusterIn(directory: string): LocalCluster | undefined {
  const layout = readClusterState(directory);
  if (layout === undefined) return undefined;
  return { layout, plans: processTable(layout), host: hostOf(directory) };
}

/** Throws AdtallyError usage where `directory` names the servers of a cluster whose processes are not those of "up". */
export function refuseElsewhere(directory: string): void {
  const path = join(directory, ADDRESS_FILE);
  if (!existsSync(path)) return;
  throw new AdtallyError(
    'usage',
    `${path} names servers that run elsewhere: whoever runs them starts, stops and watches over them. Name another --data for a cluster on this machine.`,
  );
}

/** The same; throws AdtallyError not_found when there is none. */
export function openCluster(command: Command): LocalCluster {
  const cluster = findCluster(command);
  if (cluster !== undefined) return cluster;
  throw new AdtallyError(
    'not_found',
    `There is no cluster in ${clusterDirectory(command)}: start one with "adtally cluster up".`,
  );
}
