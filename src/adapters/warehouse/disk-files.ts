import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';

/** What the warehouse asks of the disk. Paths are absolute; failures are those of the system. */
export class DiskFiles {
  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  /** Names in a directory, none where there is no directory. */
  async list(path: string): Promise<string[]> {
    return (await unlessMissing(readdir(path))) ?? [];
  }

  /** Undefined where there is no such file. */
  async size(path: string): Promise<number | undefined> {
    return (await unlessMissing(stat(path)))?.size;
  }

  async read(path: string): Promise<string | undefined> {
    return unlessMissing(readFile(path, 'utf8'));
  }

  /** Writes a file anew; durable once it resolves, but for its name. */
  async write(path: string, text: string): Promise<void> {
    const handle = await open(path, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Brings a file, or the names in a directory, to stable storage. */
  async sync(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  /** Makes a directory with its parents, durable by name; `root` is there already. */
  async makeDurableDirectory(path: string, root: string): Promise<void> {
    await this.makeDirectory(path);
    for (let at = path; at !== root; at = dirname(at)) await this.sync(dirname(at));
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** As AdtallyError disk_failed, where it is a failure of the disk. Errors of the system have a code; what DuckDB says of files it cannot write has not, but begins with "IO Error". */
export function asDiskFailure(cause: unknown, directory: string): Error {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const { code, message } = error as NodeJS.ErrnoException;
  const isSystem = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code);
  if (error instanceof AdtallyError || !(isSystem || message.startsWith('IO Error'))) return error;
  const detail = `The warehouse ${directory} cannot be written: ${message}.`;
  return new AdtallyError('disk_failed', detail, { cause });
}
