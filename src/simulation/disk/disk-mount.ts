import type { Disk, ReadableFile, WritableFile } from '../../embedded/ports.ts';
import { parentOf, type DirectoryTree } from './directory-tree.ts';
import type { DiskFault, OperationKind } from './disk-plan.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedFile } from './simulated-file.ts';

/** What an operation does when it reaches the disk. `damage` is set when it fails, for what it may do all the same. */
export type Effect<T> = (damage: DiskFault | undefined) => T;

/** The disk as one process has it. */
export class DiskMount implements Disk {
  readonly #disk: SimulatedDisk;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#perform('make_directory', path, (damage) => {
      if (damage === undefined) this.#tree.makeDirectory(path);
    });
  }

  list(path: string): Promise<string[]> {
    return this.#perform('list', path, () => this.#tree.list(path));
  }

  size(path: string): Promise<number | undefined> {
    return this.#perform('size', path, () => this.#tree.get(path)?.size);
  }

  openRead(path: string): Promise<ReadableFile> {
    return this.#perform('open_read', path, () => new OpenFile(this.#disk, this, path, this.#existing(path)));
  }

  openWrite(path: string, mode: 'create' | 'existing'): Promise<WritableFile> {
    return this.#perform('open_write', path, (damage) => {
      if (mode === 'existing') return new OpenFile(this.#disk, this, path, this.#existing(path));
      if (this.#tree.get(path) !== undefined) throw systemError('EEXIST', { kind: 'open_write', path });
      if (!this.#tree.hasDirectory(parentOf(path))) throw systemError('ENOENT', { kind: 'open_write', path });
      const file = damage === undefined ? this.#tree.create(path) : undefined;
      return new OpenFile(this.#disk, this, path, file!);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#perform('rename', from, (damage) => {
      this.#existing(from);
      if (damage === undefined) this.#tree.rename(from, to);
    });
  }

  remove(path: string): Promise<void> {
    return this.#perform('remove', path, (damage) => {
      if (damage === undefined) this.#tree.remove(path);
    });
  }

  syncDirectory(path: string): Promise<void> {
    const mark = this.#tree.mark();
    return this.#perform('sync_directory', path, (damage) => {
      if (!this.#tree.hasDirectory(path)) throw systemError('ENOENT', { kind: 'sync_directory', path });
      if (damage === undefined) this.#tree.sync(path, mark);
    });
  }

  get #tree(): DirectoryTree {
    return this.#disk.tree;
  }

  #existing(path: string): SimulatedFile {
    const file = this.#tree.get(path);
    if (file === undefined) throw systemError('ENOENT', { kind: 'open_read', path });
    return file;
  }

  #perform<T>(kind: OperationKind, path: string, effect: Effect<T>): Promise<T> {
    return this.#disk.perform(this, kind, path, effect);
  }
}

/** An open file; it stays the same file when its name is given to another one. */
class OpenFile implements ReadableFile, WritableFile {
  readonly #disk: SimulatedDisk;
  readonly #mount: DiskMount;
  readonly #path: string;
  readonly #file: SimulatedFile;

  constructor(disk: SimulatedDisk, mount: DiskMount, path: string, file: SimulatedFile) {
    this.#disk = disk;
    this.#mount = mount;
    this.#path = path;
    this.#file = file;
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#perform('read', () => {
      const bytes = this.#file.content().subarray(position, position + into.length);
      into.set(bytes);
      return bytes.length;
    });
  }

  /** Takes no time and never fails: nothing can happen in the middle of it. */
  readSync(into: Uint8Array, position: number): number {
    const bytes = this.#file.content().subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#perform('write', (damage) => {
      const done = damage === undefined ? bytes.length : this.#disk.partOf(bytes.length);
      this.#file.write(bytes.subarray(0, done), position);
    });
  }

  sync(): Promise<void> {
    const mark = this.#file.mark();
    return this.#perform('sync', (damage) => {
      if (damage === undefined) this.#file.sync(mark);
      else this.#disk.failSync(this.#file, damage);
    });
  }

  truncate(size: number): Promise<void> {
    return this.#perform('truncate', (damage) => {
      if (damage === undefined) this.#file.truncate(size);
    });
  }

  close(): Promise<void> {
    return this.#perform('close', () => undefined);
  }

  #perform<T>(kind: OperationKind, effect: Effect<T>): Promise<T> {
    return this.#disk.perform(this.#mount, kind, this.#path, effect);
  }
}

/** An error as the operating system gives it. */
export function systemError(code: string, { kind, path }: { kind: string; path: string }): Error {
  return Object.assign(new Error(`${code}: ${kind} '${path}'`), { code });
}
