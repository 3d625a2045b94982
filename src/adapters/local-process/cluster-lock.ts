import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';
import { birthOf } from './proc-file-system.ts';

/**
 * Runs `action` while no other command changes the cluster of `directory`. A lock that a killed command left behind is taken over.
 * Throws AdtallyError data_locked.
 */
export async function withClusterLock<T>(directory: string, action: () => Promise<T>): Promise<T> {
  const path = join(directory, 'LOCK');
  take(path);
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): void {
  const own = JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) });
  for (const isLastTry of [false, true]) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = holderOf(path);
      if (isLastTry || holder !== undefined)
        throw new AdtallyError('data_locked', `Process ${holder ?? '?'} is changing this cluster.`);
      rmSync(path, { force: true });
    }
  }
}

/** The pid of the command that holds the lock; undefined when that one is dead. */
function holderOf(path: string): number | undefined {
  try {
    const { pid, birth } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; birth: string };
    return birthOf(pid) === birth ? pid : undefined;
  } catch {
    return undefined;
  }
}
