import { createReadStream, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AdtallyError } from '../../base/errors.ts';
import type { Mapping } from './mapping.ts';

/** A file to import, as it is on the disk. */
export interface ImportFile {
  /** Absolute. */
  readonly path: string;
  /** Its name without a compression's ending: what mappings and event ids see. */
  readonly name: string;
  readonly format: 'csv' | 'ndjson';
  /** As stored, compressed or not. */
  readonly sizeBytes: number;
}

/** Looks a file up. Throws AdtallyError import_failed when it is not there or its format is not known. */
export function findImportFile(path: string, mapping: Mapping): ImportFile {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new AdtallyError('import_failed', `There is no file ${path}.`);
  if (!stats.isFile()) throw new AdtallyError('import_failed', `${path} is not a file.`);
  const name = basename(path).replace(/\.(gz|zst)$/, '');
  const format = mapping.format ?? formatOf(name);
  if (format === undefined) {
    const detail = `What ${path} holds is not clear from its name: it ends with none of .csv, .ndjson, .jsonl (and .gz or .zst). Say --format csv or --format ndjson.`;
    throw new AdtallyError('import_failed', detail);
  }
  return { path: resolve(path), name, format, sizeBytes: stats.size };
}

/** The file's bytes, decompressed; `onBytes` hears of the stored bytes as they are read. */
export function openImportFile(file: ImportFile, onBytes: (count: number) => void): Readable {
  const stored = createReadStream(file.path, { highWaterMark: 256 * 1024 });
  stored.on('data', (chunk) => onBytes(chunk.length));
  const unpack = decompressor(file.path);
  if (unpack === undefined) return stored;
  stored.on('error', (error) => unpack.destroy(error));
  unpack.on('close', () => stored.destroy());
  return stored.pipe(unpack);
}

function decompressor(path: string): ReturnType<typeof createGunzip> | undefined {
  if (path.endsWith('.gz')) return createGunzip();
  return path.endsWith('.zst') ? createZstdDecompress() : undefined;
}

function formatOf(name: string): ImportFile['format'] | undefined {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined;
}
