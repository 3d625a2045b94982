import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const TAIL_BYTES_MAX = 262_144;

/** Opens a new log and keeps that of the life before as NAME.previous.log; the caller closes it. */
export function openNewLog(path: string): number {
  if (existsSync(path)) renameSync(path, path.replace(/\.log$/, '.previous.log'));
  return openSync(path, 'a');
}

/** The last lines of a log, at most `count`, of its last 256 KiB; none when there is no log. */
export function lastLines(path: string, count: number): string[] {
  const size = logBytes(path);
  const { text } = readLog(path, Math.max(0, size - TAIL_BYTES_MAX));
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-count);
}

/** What a log holds from byte `from` on, and where that ends. A log that is shorter than that is a new one: it is read from its start. */
export function readLog(path: string, from: number): { readonly text: string; readonly end: number } {
  if (!existsSync(path)) return { text: '', end: 0 };
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const start = from > size ? 0 : from;
    const bytes = Buffer.alloc(Math.min(size - start, TAIL_BYTES_MAX));
    const read = readSync(file, bytes, 0, bytes.length, start);
    return { text: bytes.toString('utf8', 0, read), end: start + read };
  } finally {
    closeSync(file);
  }
}

/** Size in bytes; 0 when there is none. */
export function logBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
