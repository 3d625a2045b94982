import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { AdtallyError } from '../../base/errors.ts';

const LOCK_NAME = 'LOCK';
/** Tells whom the lock belongs to; only believed while the lock is held. */
const HOLDER_NAME = 'LOCK.pid';
const SQLITE_BUSY = 5;
/** Of several processes that try at once each may be in the way of the others for a moment. */
const PATIENCE_MS = 250;
/** A database that nothing refers to is collected, and its lock goes with it. */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the only one that uses `directory`, until the returned function is called. Rejects with data_locked while
 * another does. The lock is SQLite's on an empty database: the system gives it up with the process, however that ends, so there
 * is no stale one to judge.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const database = new DatabaseSync(join(directory, LOCK_NAME));
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}; BEGIN EXCLUSIVE`);
  } catch (error) {
    database.close();
    throw (error as { errcode?: number }).errcode === SQLITE_BUSY ? await locked(directory) : error;
  }
  held.add(database);
  await writeFile(join(directory, HOLDER_NAME), String(process.pid));
  return async () => {
    await rm(join(directory, HOLDER_NAME), { force: true });
    held.delete(database);
    database.close();
  };
}

async function locked(directory: string): Promise<AdtallyError> {
  const holder = await readFile(join(directory, HOLDER_NAME), 'utf8').catch(() => 'unknown');
  return new AdtallyError('data_locked', `${directory} is in use by another process (id ${holder}).`);
}
