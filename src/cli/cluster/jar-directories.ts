import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';
import type { JarGroup, Runtime } from '../../cluster/local/cluster-layout.ts';

/** Where the jars of each group are: a folder of `jars` with the name of the group. Throws AdtallyError cluster_preflight. */
export function jarDirectories(groups: readonly JarGroup[], jars: string): Partial<Runtime['jars']> {
  const directories = groups.map((group) => {
    const directory = resolve(join(jars, group));
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new AdtallyError('cluster_preflight', `${directory}, for the jars of ${group}, is not there.`);
    return [group, directory];
  });
  return Object.fromEntries(directories) as Partial<Runtime['jars']>;
}
