import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { DiskFiles } from '../../adapters/warehouse/disk-files.ts';
import { compactFolders, type MergedFiles } from '../../adapters/warehouse/folder-compaction.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MIB, SECOND_MS } from '../../base/units.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { formatCount, formatSize, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { addClusterDirectory, clusterDirectory } from './local-cluster.ts';
import { readAddresses } from './state/address-file.ts';

/** As large as the embedded warehouse makes its files. */
const FILE_BYTES_MAX = 128 * MIB;
const GRACE_SECONDS = 60;
const GRACE_SECONDS_MAX = 3600;

export const compactCommand: CommandDefinition = {
  usage: 'compact',
  about: 'Put the small files of the warehouse together, so that Hive has fewer to open',
  more:
    'Of each record in a file the highest revision stays. Run it daily, or as often as you like: it does what there is to do. A query that began\n' +
    'before it and takes longer than the grace may fail, and is asked again.',
  configure: (command) =>
    addClusterDirectory(command).option(
      '--grace <seconds>',
      'how long files that were replaced stay for queries that have begun',
      wholeNumber(0, GRACE_SECONDS_MAX),
      GRACE_SECONDS,
    ),
  run: async (command, terminal) => {
    const { warehouse } = readAddresses(clusterDirectory(command));
    const root = fileURLToPath(warehouse);
    const { grace } = command.opts<{ grace: number }>();
    const merged = await compact(root, grace, terminal);
    terminal.result({ warehouse: root, merged }, describe(merged));
    return 0;
  },
};

async function compact(
  root: string,
  graceSeconds: number,
  terminal: Terminal,
): Promise<readonly MergedFiles[]> {
  const files = new DiskFiles();
  if ((await files.size(root)) === undefined)
    throw new AdtallyError(
      'not_found',
      `There is no warehouse in ${root}: Flink makes it with the first records, once "adtally cluster apply" has started its job.`,
    );
  await using stack = new AsyncDisposableStack();
  stack.defer(await lockDirectory(root));
  // Readers skip such a name.
  const spillDirectory = join(root, '_spill');
  stack.defer(() => files.remove(spillDirectory));
  return await compactFolders({
    root,
    spillDirectory,
    fileBytesMax: FILE_BYTES_MAX,
    files,
    grace: () => sleep(graceSeconds * SECOND_MS),
    onMerged: ({ folder, filesBefore }) => terminal.remark(`${folder}: ${filesBefore} files are one`),
  });
}

function describe(merged: readonly MergedFiles[]): string {
  if (merged.length === 0) return 'Nothing: there are no small files to put together.';
  const rows = merged.map(({ folder, filesBefore, rows: count, bytes }) => [
    folder,
    formatCount(filesBefore),
    formatCount(count),
    formatSize(bytes),
  ]);
  return renderTable(['folder', 'files', 'rows', 'bytes'], rows);
}
