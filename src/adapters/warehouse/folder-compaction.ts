import { join } from 'node:path';
import { sha256Hex } from '../../base/checksum.ts';
import { AdtallyError } from '../../base/errors.ts';
import { planCompaction, type Compaction } from '../../warehouse/compaction-plan.ts';
import { TABLES, type WarehouseTable } from '../../warehouse/table.ts';
import { asDiskFailure, type DiskFiles } from './disk-files.ts';
import { StagingArea } from './staging-area.ts';

export interface FolderCompactionOptions {
  /** Folder of the tables. */
  readonly root: string;
  /** For what does not fit into memory. */
  readonly spillDirectory: string;
  /** About the largest file that is made. */
  readonly fileBytesMax: number;
  /** Waits until readers that have begun are done with what was replaced. */
  readonly grace: () => Promise<void>;
  readonly onMerged: (merged: MergedFiles) => void;
  readonly files: DiskFiles;
}

/** Files that have become one. */
export interface MergedFiles {
  /** "ad_minutes/dt=2026-01-31". */
  readonly folder: string;
  readonly filesBefore: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Readers skip names that begin so, and the job that writes gives no such names. */
const HIDDEN = /^[._]/;
const STAGED = '.compacted-';
const MERGED = 'compacted-';
const DAY = /^dt=\d{4}-\d{2}-\d{2}$/;

/**
 * Puts small files together in folders that somebody else writes, and that no manifest names: what is not hidden is there. The new file comes
 * before the old ones go, so rows are there twice for a while, which every reader expects: of a record the highest revision counts. After a crash
 * that is so until the next run. Rejects with AdtallyError: disk_failed, data_corrupt for a file that is no Parquet.
 */
export async function compactFolders(options: FolderCompactionOptions): Promise<readonly MergedFiles[]> {
  const { files, root, spillDirectory, fileBytesMax, grace, onMerged } = options;
  const replaced = new Set<string>();
  const done: MergedFiles[] = [];
  try {
    const staging = await StagingArea.open(spillDirectory);
    try {
      for (const folder of await foldersIn(root, files)) {
        for (;;) {
          const found = (await dataFilesIn(root, folder, files)).filter(({ path }) => !replaced.has(path));
          const plan = planCompaction(found, fileBytesMax);
          if (plan === undefined) break;
          const merged = await mergeFiles(plan, options, staging).catch((cause: Error) => {
            throw asUnreadable(cause, join(root, folder));
          });
          for (const { path } of plan.files) replaced.add(path);
          done.push(merged);
          onMerged(merged);
        }
      }
    } finally {
      staging.close();
    }
    if (replaced.size > 0) await grace();
    for (const path of replaced) await files.remove(join(root, path));
  } catch (error) {
    throw asDiskFailure(error, root);
  }
  return done;
}

async function mergeFiles(
  { folder, files: sources }: Compaction<FoundFile>,
  { root, files }: FolderCompactionOptions,
  staging: StagingArea,
): Promise<MergedFiles> {
  // Made of the same files it has the same name: what a crash has left is replaced.
  const name = `${sha256Hex(sources.map(({ path }) => path).join('\n')).slice(0, 32)}.parquet`;
  const staged = join(root, folder, STAGED + name);
  const rows = await staging.merge(
    tableIn(folder),
    sources.map(({ path }) => join(root, path)),
    staged,
  );
  await files.sync(staged);
  const bytes = (await files.size(staged)) ?? 0;
  await files.rename(staged, join(root, folder, MERGED + name));
  await files.sync(join(root, folder));
  return { folder, filesBefore: sources.length, rows, bytes };
}

/** What DuckDB says of a file that it cannot read. */
function asUnreadable(cause: Error, folder: string): Error {
  if (!cause.message.startsWith('Invalid Input Error')) return cause;
  const detail = `The files in ${folder} cannot be put together: ${cause.message}. They are as they were.`;
  return new AdtallyError('data_corrupt', detail, { cause });
}

interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

/** What a crash has left half made is removed. */
async function dataFilesIn(root: string, folder: string, files: DiskFiles): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const name of (await files.list(join(root, folder))).toSorted()) {
    const path = `${folder}/${name}`;
    if (name.startsWith(STAGED)) await files.remove(join(root, path));
    if (HIDDEN.test(name)) continue;
    const bytes = await files.size(join(root, path));
    // Gone meanwhile, where its day was removed.
    if (bytes !== undefined) found.push({ path, bytes });
  }
  return found;
}

async function foldersIn(root: string, files: DiskFiles): Promise<string[]> {
  const folders: string[] = [];
  for (const { name } of TABLES)
    for (const day of await files.list(join(root, name))) if (DAY.test(day)) folders.push(`${name}/${day}`);
  return folders.toSorted();
}

function tableIn(folder: string): WarehouseTable {
  return TABLES.find(({ name }) => folder.startsWith(`${name}/`)) as unknown as WarehouseTable;
}
