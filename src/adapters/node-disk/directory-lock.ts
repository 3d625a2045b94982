import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AdtallyError } from '../../base/errors.ts';

const LOCK_NAME = 'LOCK';

/** Who holds a lock. A process id alone would do until the machine restarts and gives it to someone else. */
interface Holder {
  readonly pid: number;
  /** When the process began, in clock ticks since the machine started; null where the system does not tell. */
  readonly started: string | null;
}

/**
 * Makes this process the only one that uses `directory`, until the returned function is called. Rejects with data_locked while
 * another living process does; a lock that a dead process left behind is taken over.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, LOCK_NAME);
  const own = `${path}.${process.pid}`;
  const holder: Holder = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(own, JSON.stringify(holder), { mode: 0o600 });
  try {
    while (!(await tryLink(own, path))) await removeStale(path, directory);
  } finally {
    await rm(own, { force: true });
  }
  return () => rm(path, { force: true });
}

/** Link fails when the name exists, so of several processes one wins. */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(path: string, directory: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  await refuseLiving(text, directory);
  // Another process may take over the same stale lock right now: what was moved away is looked at once more.
  const moved = `${path}.stale.${process.pid}`;
  await rename(path, moved).catch(() => undefined);
  const movedText = await readFile(moved, 'utf8').catch(() => text);
  if (movedText !== text) await tryLink(moved, path);
  await rm(moved, { force: true });
  if (movedText !== text) await refuseLiving(movedText, directory);
}

async function refuseLiving(text: string, directory: string): Promise<void> {
  const holder = parseHolder(text);
  if (holder === undefined || !isAlive(holder.pid)) return;
  const started = await startOf(holder.pid);
  if (holder.started !== null && started !== null && holder.started !== started) return;
  throw new AdtallyError('data_locked', `${directory} is in use by process ${holder.pid}.`);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets, so counting starts behind it. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
