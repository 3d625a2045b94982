import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Positions and lengths of direct writes are multiples of this; it suits every disk in use. */
const PAGE_BYTES = 4096;
const BUFFER_BYTES = 1 << 20;
/** Allocations lie on multiples of this. */
const ALLOCATION_BYTES = 16;
/** Below this the system's cache costs less than the wait for the disk. */
const WORTHWHILE_BYTES = 64 << 10;

/**
 * Writes whole pages straight to the disk. Through the system's cache each page of a log is memory that is found, filled,
 * written and never read again: at a log's rate that costs more than all else about writing it (and on a virtual machine
 * several times more). What cannot be written so is for the caller to write as usual.
 */
export class DirectIo {
  /** As many as there were writes at a time: the log's and the snapshot's. */
  readonly #idle: PageBuffer[] = [];

  static suits(bytes: Uint8Array, position: number): boolean {
    return bytes.length >= WORTHWHILE_BYTES && bytes.length % PAGE_BYTES === 0 && position % PAGE_BYTES === 0;
  }

  /** Opens an existing file for direct writes; undefined where the system or the file system has none. */
  async open(path: string): Promise<FileHandle | undefined> {
    if (constants.O_DIRECT === undefined) return undefined;
    try {
      return await open(path, constants.O_WRONLY | constants.O_DIRECT);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** Writes all of `bytes`, as suits() wants them, or rejects; false when they have to be written as usual. */
  async write(handle: FileHandle, bytes: Uint8Array, position: number): Promise<boolean> {
    const buffer = this.#idle.pop() ?? new PageBuffer();
    try {
      for (let done = 0; done < bytes.length;) {
        const written = await buffer.write(
          handle,
          bytes.subarray(done, done + BUFFER_BYTES),
          position + done,
        );
        if (written === undefined) return false;
        // After a short write that ends within a page the next one is refused, and the caller writes all of it anew.
        done += written;
      }
      return true;
    } finally {
      this.#idle.push(buffer);
    }
  }
}

/** Memory that begins where the system wants it; found by trying, since no address can be asked for. */
class PageBuffer {
  readonly #memory = Buffer.alloc(BUFFER_BYTES + PAGE_BYTES);
  #buffer: Buffer | undefined;

  /** Writes `part`; resolves to the bytes written, or undefined when the system refuses every place in the memory. */
  async write(handle: FileHandle, part: Uint8Array, position: number): Promise<number | undefined> {
    for (let at = this.#buffer === undefined ? 0 : PAGE_BYTES; at <= PAGE_BYTES; at += ALLOCATION_BYTES) {
      const buffer = this.#buffer ?? this.#memory.subarray(at, at + BUFFER_BYTES);
      buffer.set(part);
      try {
        const { bytesWritten } = await handle.write(buffer, 0, part.length, position);
        this.#buffer = buffer;
        return bytesWritten;
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
    return undefined;
  }
}

/** EINVAL: not with this file, position or memory. Nothing was written. */
function isRefusal(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EINVAL';
}
