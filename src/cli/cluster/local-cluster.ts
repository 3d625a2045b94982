import { resolve } from 'node:path';
import type { Command } from 'commander';
import { NodeProcessHost } from '../../adapters/local-process/node-process-host.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { LOG_FOLDER, type ClusterLayout } from '../../cluster/local/cluster-layout.ts';
import { processTable } from '../../cluster/local/processes/process-table.ts';
import type { ProcessPlan } from '../../cluster/local/process-plan.ts';
import { readClusterState } from './cluster-state.ts';

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

/** The cluster of --data; undefined when there is none. */
export function findCluster(command: Command): LocalCluster | undefined {
  const directory = clusterDirectory(command);
  const layout = readClusterState(directory);
  if (layout === undefined) return undefined;
  return { layout, plans: processTable(layout), host: hostOf(directory) };
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
