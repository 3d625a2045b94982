import type { Disk, ReadableFile, WritableFile } from '../../src/embedded/ports.ts';

/** The plainest disk: every file a byte array, every write at once durable. Directories exist by being named. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    for (const [path, bytes] of files) this.files.set(path, bytes.slice());
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
    return Promise.resolve(inside.map((name) => name.slice(path.length + 1)).toSorted());
  }

  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.files.get(path)?.length);
  }

  openRead(path: string): Promise<ReadableFile> {
    return Promise.resolve(this.#file(path));
  }

  openWrite(path: string, mode: 'create' | 'existing'): Promise<WritableFile> {
    if (this.files.has(path) === (mode === 'create'))
      return Promise.reject(new Error(`${path}: cannot ${mode}`));
    if (mode === 'create') this.files.set(path, new Uint8Array(0));
    return Promise.resolve(this.#file(path));
  }

  rename(from: string, to: string): Promise<void> {
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.files.delete(path);
    return Promise.resolve();
  }

  syncDirectory(): Promise<void> {
    return Promise.resolve();
  }

  #file(path: string): ReadableFile & WritableFile {
    const { files } = this;
    return {
      read(into, position) {
        return Promise.resolve(this.readSync(into, position));
      },
      readSync(into, position) {
        const bytes = files.get(path)!.subarray(position, position + into.length);
        into.set(bytes);
        return bytes.length;
      },
      write(bytes, position) {
        const old = files.get(path)!;
        const next = new Uint8Array(Math.max(old.length, position + bytes.length));
        next.set(old);
        next.set(bytes, position);
        files.set(path, next);
        return Promise.resolve();
      },
      truncate(size) {
        files.set(path, files.get(path)!.slice(0, size));
        return Promise.resolve();
      },
      sync: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
}
