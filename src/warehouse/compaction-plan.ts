import { KIB } from '../base/units.ts';
import type { DataFile } from './manifest.ts';

type SizedFile = Pick<DataFile, 'path' | 'bytes'>;

/** Files of one folder that become one. */
export interface Compaction<File extends SizedFile = DataFile> {
  /** "ad_minutes/dt=2026-01-31". */
  readonly folder: string;
  readonly files: readonly File[];
}

/** So many files of about one size become one: each row is written again once for every step in size. */
const FILES_PER_STEP = 8;
/** Files up to this size count as equally small. */
const SMALLEST_BYTES = 64 * KIB;

/**
 * The next files to put together, or undefined where there is nothing to do. A file of at least half of `fileBytesMax` is left
 * alone; a day of one-minute files so ends with a handful.
 */
export function planCompaction<File extends SizedFile>(
  files: readonly File[],
  fileBytesMax: number,
): Compaction<File> | undefined {
  const groups = Map.groupBy(
    files.filter(({ bytes }) => bytes < fileBytesMax / 2),
    ({ path, bytes }) => `${folderOf(path)} ${sizeStep(bytes)}`,
  );
  const ready = [...groups.values()].filter((group) => group.length >= FILES_PER_STEP);
  const fullest = ready.toSorted((a, b) => b.length - a.length)[0];
  if (fullest === undefined) return undefined;
  return { folder: folderOf(fullest[0].path), files: upTo(fullest, fileBytesMax) };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** 0 for the smallest files, one more for each factor of FILES_PER_STEP. */
function sizeStep(bytes: number): number {
  return Math.floor(Math.log(Math.max(bytes, SMALLEST_BYTES) / SMALLEST_BYTES) / Math.log(FILES_PER_STEP));
}

/** The first files that together stay within `bytesMax`; two at least. */
function upTo<File extends SizedFile>(files: readonly File[], bytesMax: number): File[] {
  let sum = 0;
  return files.filter(({ bytes }, place) => (sum += bytes) <= bytesMax || place < 2);
}
