import { AdtallyError } from '../../base/errors.ts';
import { crc32 } from '../../base/checksum.ts';
import { readFile } from '../log/log-reader.ts';
import type { Disk } from '../ports.ts';

/**
 * The manifest names the files that make up a consistent state. It is replaced as a whole: written beside, synced, renamed over
 * the old one. A line of JSON, then the CRC of that line in hex.
 */
export const MANIFEST_PATH = 'MANIFEST';
const MANIFEST_NEXT_PATH = 'MANIFEST.next';
const MANIFEST_FORMAT = 1;

export interface Manifest {
  readonly format: number;
  readonly region: string;
  /** 16 random bytes, hex: stands in every file of this directory and in its cursors. */
  readonly dataId: string;
  /** 32 secret random bytes, hex: where ids and users lie in memory. */
  readonly seed: string;
  readonly snapshot: SnapshotManifest | null;
}

export interface SnapshotManifest {
  /** The last block of the log that is part of it. */
  readonly block: number;
  /** How many ids it remembers. */
  readonly ids: number;
  /** A full part, then the deltas to apply over it, in order. */
  readonly parts: readonly { readonly file: string; readonly bytes: number }[];
  /** Runs of touches, oldest first; all touches that are not over are there. Missing in a directory older than touches. */
  readonly touches?: readonly string[];
  /** Segments of the log at that time, and the latest arrival in each. */
  readonly segments: readonly { readonly first: number; readonly lastArrival: number }[];
}

/** The manifest of a data directory, or undefined for a new one. Throws data_corrupt or data_format. */
export async function readManifest(disk: Disk): Promise<Manifest | undefined> {
  if ((await disk.size(MANIFEST_PATH)) === undefined) return undefined;
  const [line, checksum] = Buffer.from(await readFile(disk, MANIFEST_PATH))
    .toString()
    .split('\n');
  if (line === undefined || checksum !== checksumOf(line)) {
    throw new AdtallyError('data_corrupt', `${MANIFEST_PATH} does not match its checksum.`);
  }
  const manifest = JSON.parse(line) as Manifest;
  if (manifest.format !== MANIFEST_FORMAT) {
    throw new AdtallyError(
      'data_format',
      `${MANIFEST_PATH} has format ${manifest.format}; this version of adtally reads ${MANIFEST_FORMAT}.`,
    );
  }
  return manifest;
}

/** Makes `manifest` the one that counts; resolves once that is durable. */
export async function writeManifest(disk: Disk, manifest: Omit<Manifest, 'format'>): Promise<void> {
  const line = JSON.stringify({ format: MANIFEST_FORMAT, ...manifest });
  await disk.remove(MANIFEST_NEXT_PATH);
  const file = await disk.openWrite(MANIFEST_NEXT_PATH, 'create');
  await file.write(Buffer.from(`${line}\n${checksumOf(line)}\n`), 0);
  await file.sync();
  await file.close();
  await disk.rename(MANIFEST_NEXT_PATH, MANIFEST_PATH);
  await disk.syncDirectory('.');
}

function checksumOf(line: string): string {
  return crc32(Buffer.from(line)).toString(16).padStart(8, '0');
}
