import { rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  addressesOf,
  CONFIG_FOLDER,
  DATA_FOLDER,
  LOG_FOLDER,
  type ClusterLayout,
} from '../../cluster/local/cluster-layout.ts';
import { ADDRESS_FILE } from './state/address-file.ts';
import { JOB_WISH_FILE } from './state/job-wish-file.ts';
import { LOSS_FILE } from './state/loss-file.ts';
import { readStateFile, replaceFile, writeStateFile } from './state/state-file.ts';

const FORMAT = 3;
const STATE_FILE = 'cluster.json';
/** All that a cluster has in its directory; whatever else is there is somebody else's. */
const OWN = [
  CONFIG_FOLDER,
  DATA_FOLDER,
  LOG_FOLDER,
  ADDRESS_FILE,
  'processes.json',
  JOB_WISH_FILE,
  LOSS_FILE,
  STATE_FILE,
];

/** The layout of the cluster in `directory`; undefined when there is none. Throws AdtallyError data_format or data_corrupt. */
export function readClusterState(directory: string): ClusterLayout | undefined {
  const layout = readStateFile(directory, STATE_FILE, FORMAT) as ClusterLayout | undefined;
  // The folder may have been moved.
  return layout === undefined ? undefined : { ...layout, directory };
}

/** Writes the layout and, for programs that talk to the cluster, its addresses. */
export function writeClusterState(layout: ClusterLayout): void {
  const { directory } = layout;
  writeStateFile(directory, STATE_FILE, FORMAT, layout);
  replaceFile(join(directory, ADDRESS_FILE), addressesOf(layout));
}

/** Removes all of a cluster; its directory stays. */
export function purgeCluster(directory: string): void {
  for (const name of OWN) rmSync(join(directory, name), { recursive: true, force: true });
}

/** Removes the directory unless somebody else has something in it. */
export function removeEmptyDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}
