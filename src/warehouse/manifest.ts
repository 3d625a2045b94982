import { crc32 } from '../base/checksum.ts';
import { AdtallyError } from '../base/errors.ts';

/** A published file. */
export interface DataFile {
  /** Within the warehouse: "ad_minutes/dt=2026-01-31/part-000000000042.parquet". */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A file that compaction has replaced; readers that began before may still want it. */
export interface RetiredFile {
  readonly path: string;
  /** When it was replaced, Unix ms. */
  readonly since: number;
}

/**
 * What the warehouse holds: files, and how far of each feed is in them. Replaced as a whole by a rename, which is the moment at
 * which rows and cursors come to be there.
 */
export interface Manifest {
  /** Grows by 1 with every commit; names of files come from it and are never used twice. */
  readonly generation: number;
  /** By feed, "a/ad-minutes". */
  readonly cursors: Readonly<Record<string, string>>;
  readonly files: readonly DataFile[];
  /** Paths of `files` that may still lie among the staged ones: the last step of a commit is to move them. */
  readonly moving: readonly string[];
  readonly retired: readonly RetiredFile[];
}

export const EMPTY_MANIFEST: Manifest = { generation: 0, cursors: {}, files: [], moving: [], retired: [] };

/** What a commit changes. */
export interface Commit {
  readonly cursors?: Readonly<Record<string, string>>;
  /** Staged files that come to be there. */
  readonly added?: readonly DataFile[];
  /** Paths of files that others stand for now. */
  readonly replaced?: readonly string[];
  /** Paths of retired files that have been removed. */
  readonly removed?: readonly string[];
}

const FORMAT = 1;

/** The manifest after a commit at `now`. */
export function applyCommit(manifest: Manifest, commit: Commit, now: number): Manifest {
  const { cursors = {}, added = [], replaced = [], removed = [] } = commit;
  const gone = new Set([...replaced, ...removed]);
  return {
    generation: manifest.generation + 1,
    cursors: { ...manifest.cursors, ...cursors },
    files: [...manifest.files.filter(({ path }) => !gone.has(path)), ...added],
    moving: added.map(({ path }) => path),
    retired: [
      ...manifest.retired.filter(({ path }) => !gone.has(path)),
      ...replaced.map((path) => ({ path, since: now })),
    ],
  };
}

/** A line of JSON and its checksum. */
export function writeManifest(manifest: Manifest): string {
  const body = JSON.stringify({ format: FORMAT, ...manifest });
  return `${body}\n${checksumOf(body)}\n`;
}

/** Throws AdtallyError: data_corrupt for damaged text, data_format for that of another version. `where` names it. */
export function readManifest(text: string, where: string): Manifest {
  const [body, checksum] = text.split('\n');
  if (body === undefined || checksum !== checksumOf(body)) {
    throw new AdtallyError('data_corrupt', `${where} is damaged: its checksum does not fit.`);
  }
  const { format, ...manifest } = JSON.parse(body) as Manifest & { format: unknown };
  if (format !== FORMAT) {
    throw new AdtallyError(
      'data_format',
      `${where} has format ${String(format)}; this version knows ${FORMAT}.`,
    );
  }
  return manifest;
}

function checksumOf(body: string): string {
  return crc32(Buffer.from(body)).toString(16).padStart(8, '0');
}
