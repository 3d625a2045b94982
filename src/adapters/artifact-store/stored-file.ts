import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AdtallyError } from '../../base/errors.ts';
import type { LockedFile } from './artifact-lock.ts';

/** Parts that this process writes to. */
const openParts = new Set<string>();
let partsOpened = 0;

/** Bytes of the file; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256 of a file's bytes, as 64 hex digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** Throws AdtallyError artifact_invalid unless the file has the size and the sum of the lock. `from` says where it came from. */
export async function checkFile(path: string, file: LockedFile, from: string): Promise<void> {
  const bytes = await sizeOf(path);
  const found = bytes === file.bytes ? await sha256OfFile(path) : `${bytes} bytes`;
  if (found === file.sha256) return;
  const wanted = bytes === file.bytes ? file.sha256 : `${file.bytes} bytes`;
  throw new AdtallyError(
    'artifact_invalid',
    `${basename(file.path)} from ${from} has ${found} where the lock says ${wanted}.`,
  );
}

/**
 * A file of this process alone, "TARGET.PID-N.part", to write what shall become `target`. What a process that is gone left of the
 * same file is taken over, so that its bytes need not come again.
 */
export async function takePart(target: string): Promise<string> {
  const part = `${target}.${process.pid}-${++partsOpened}.part`;
  openParts.add(part);
  const directory = dirname(target);
  const left = (await readdir(directory)).filter(
    (name) => name.startsWith(`${basename(target)}.`) && isAbandoned(join(directory, name)),
  );
  let taken = false;
  for (const name of left) {
    const path = join(directory, name);
    if (taken) await rm(path, { force: true });
    else taken = await tryRename(path, part);
  }
  return part;
}

/** Lets another one take over what is in the part. */
export function releasePart(part: string): void {
  openParts.delete(part);
}

/** Does work in a folder of `directory` that is gone afterwards, as is what a process that was killed left there. */
export async function inStaging(directory: string, work: (staging: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = /^\.staging-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(directory, name), { recursive: true, force: true });
  }
  const staging = await mkdtemp(join(directory, `.staging-${process.pid}-`));
  try {
    await work(staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Moves a checked file to the first of `targets` and puts copies at the others; who reads them never sees half a file. */
export async function placeFile(path: string, targets: readonly string[]): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
  for (const target of targets.slice(1)) await placeCopy(path, target);
  await rename(path, targets[0]);
}

/** Puts a copy of a stored file at `target`. */
export async function placeCopy(path: string, target: string): Promise<void> {
  const part = await takePart(target);
  try {
    await copyFile(path, part);
    await rename(part, target);
  } finally {
    releasePart(part);
    await rm(part, { force: true });
  }
}

/** False when another process was quicker. */
async function tryRename(path: string, target: string): Promise<boolean> {
  try {
    await rename(path, target);
    return true;
  } catch {
    return false;
  }
}

function isAbandoned(path: string): boolean {
  const pid = /\.(\d+)-\d+\.part$/.exec(path)?.[1];
  if (pid === undefined || openParts.has(path)) return false;
  return Number(pid) === process.pid || !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
