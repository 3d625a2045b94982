import { readSync } from 'node:fs';
import { open, mkdir, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { Disk, ReadableFile, WritableFile } from '../../embedded/ports.ts';
import { DirectIo } from './direct-io.ts';

/** The Disk port on a directory of the machine. */
export class NodeDisk implements Disk {
  readonly #directory: string;
  readonly #directIo = new DirectIo();

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
    return new ReadFile(await open(this.#at(path), 'r'));
  }

  async openWrite(path: string, mode: 'create' | 'existing'): Promise<WritableFile> {
    // Only the owner may read: the manifest holds a secret, the log what users clicked on.
    const handle = await open(this.#at(path), mode === 'create' ? 'wx' : 'r+', 0o600);
    return new WrittenFile(this.#at(path), handle, this.#directIo);
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

class ReadFile implements ReadableFile {
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

  readSync(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const bytesRead = readSync(this.#handle.fd, into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

class WrittenFile implements WritableFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #directIo: DirectIo;
  /** For direct writes: undefined until the first one is due, null where there are none. */
  #direct: FileHandle | undefined | null;

  constructor(path: string, handle: FileHandle, directIo: DirectIo) {
    this.#path = path;
    this.#handle = handle;
    this.#directIo = directIo;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    if (DirectIo.suits(bytes, position) && (await this.#writeDirectly(bytes, position))) return;
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  /** Covers direct writes, too: it is one file to the system. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
  }

  async close(): Promise<void> {
    await this.#direct?.close();
    await this.#handle.close();
  }

  async #writeDirectly(bytes: Uint8Array, position: number): Promise<boolean> {
    if (this.#direct === undefined) this.#direct = (await this.#directIo.open(this.#path)) ?? null;
    return this.#direct !== null && (await this.#directIo.write(this.#direct, bytes, position));
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
