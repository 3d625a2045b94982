import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';
import {
  addressesOf,
  CONFIG_FOLDER,
  DATA_FOLDER,
  LOG_FOLDER,
  type ClusterLayout,
} from '../../cluster/local/cluster-layout.ts';

const FORMAT = 2;
const STATE_FILE = 'cluster.json';
const ADDRESS_FILE = 'addresses.json';
/** All that a cluster has in its directory; whatever else is there is somebody else's. */
const OWN = [CONFIG_FOLDER, DATA_FOLDER, LOG_FOLDER, ADDRESS_FILE, 'processes.json', STATE_FILE];

/** The layout of the cluster in `directory`; undefined when there is none. Throws AdtallyError data_format or data_corrupt. */
export function readClusterState(directory: string): ClusterLayout | undefined {
  const path = join(directory, STATE_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { format, ...layout } = parse(text, path);
  if (format !== FORMAT) throw new AdtallyError('data_format', `${path} has format ${String(format)}.`);
  // The folder may have been moved.
  return { ...layout, directory };
}

/** Writes the layout and, for programs that talk to the cluster, its addresses. */
export function writeClusterState(layout: ClusterLayout): void {
  const { directory } = layout;
  replace(join(directory, STATE_FILE), { format: FORMAT, ...layout });
  replace(join(directory, ADDRESS_FILE), addressesOf(layout));
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

function parse(text: string, path: string): ClusterLayout & { readonly format: unknown } {
  try {
    return JSON.parse(text) as ClusterLayout & { format: unknown };
  } catch (error) {
    throw new AdtallyError('data_corrupt', `${path} is not JSON.`, { cause: error });
  }
}

function replace(path: string, value: unknown): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(draft, path);
}
