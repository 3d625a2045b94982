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
 * several times more). One write at a time; what cannot be written so is for the caller to write as usual.
 */
export class DirectIo {
  readonly #memory = Buffer.alloc(BUFFER_BYTES + PAGE_BYTES);
  /** A part of the memory that begins where the system wants it; found by trying, since no address can be asked for. */
  #buffer: Buffer | undefined;
  #isBusy = false;

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

  static suits(bytes: Uint8Array, position: number): boolean {
    return bytes.length >= WORTHWHILE_BYTES && bytes.length % PAGE_BYTES === 0 && position % PAGE_BYTES === 0;
  }

  /** Writes all of `bytes`, as suits() wants them, or rejects; false when nothing was written and nothing is wrong. */
  async write(handle: FileHandle, bytes: Uint8Array, position: number): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      for (let done = 0; done < bytes.length;) {
        const part = bytes.subarray(done, done + BUFFER_BYTES);
        const written = await this.#writePart(handle, part, position + done);
        if (written === undefined) return false;
        // A short write ends on a page, or the next one is refused and the caller writes all of it anew.
        done += written;
      }
      return true;
    } finally {
      this.#isBusy = false;
    }
  }

  async #writePart(handle: FileHandle, part: Uint8Array, position: number): Promise<number | undefined> {
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
