import { open, mkdir, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { Disk, ReadableFile, WritableFile } from '../../embedded/ports.ts';

/** The Disk port on a directory of the machine. */
export class NodeDisk implements Disk {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.#at(path), { recursive: true });
  }

  async list(path: string): Promise<string[]> {
    const names = await unlessMissing(readdir(this.#at(path)));
    return (names ?? []).toSorted();
  }

  async size(path: string): Promise<number | undefined> {
    return (await unlessMissing(stat(this.#at(path))))?.size;
  }

  async openRead(path: string): Promise<ReadableFile> {
    return new NodeFile(await open(this.#at(path), 'r'));
  }

  async openWrite(path: string, mode: 'create' | 'existing'): Promise<WritableFile> {
    // Only the owner may read: the manifest holds a secret, the log what users clicked on.
    return new NodeFile(await open(this.#at(path), mode === 'create' ? 'wx' : 'r+', 0o600));
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.#at(from), this.#at(to));
  }

  async remove(path: string): Promise<void> {
    await rm(this.#at(path), { force: true });
  }

  async syncDirectory(path: string): Promise<void> {
    const directory = await open(this.#at(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #at(path: string): string {
    return join(this.#directory, path);
  }
}

class NodeFile implements ReadableFile, WritableFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
  }

  async close(): Promise<void> {
    await this.#handle.close();
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
