import { crc32 } from '../../base/checksum.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { Disk, ReadableFile } from '../ports.ts';
import {
  BLOCK_BYTES,
  BLOCK_CRC,
  BLOCK_USED,
  BLOCK_WORDS,
  damagedRun,
  decodeRunHeader,
  FIRST_ROW,
  HEADER_BYTES,
  touchRunPath,
  type RunHeader,
} from './touch-run-format.ts';
import { isOfUser, SHAPE, timeOf, touchWords, HASH, type TakeRow, type UserKey } from './touch-row.ts';

/** Blocks read at once by a look-up. */
const READ_BLOCKS = 16;
const scratch = new Int32Array(READ_BLOCKS * BLOCK_WORDS);
const scratchBytes = new Uint8Array(scratch.buffer);

/** An open run: immutable, and read by look-ups at once, without a promise. Of each block it knows the first user. */
export class TouchRun {
  readonly name: string;
  readonly touches: number;
  /** Event times of its touches, Unix ms. */
  readonly oldest: UnixMs;
  readonly newest: UnixMs;
  readonly #file: ReadableFile;
  readonly #index: Uint32Array;

  /** Rejects with data_corrupt when it is damaged or of another directory, with data_format when it is too new. */
  static async open(disk: Disk, name: string, dataId: string): Promise<TouchRun> {
    const path = touchRunPath(name);
    if ((await disk.size(path)) === undefined) throw damagedRun(name, 'the file is missing');
    const file = await disk.openRead(path);
    try {
      const head = Buffer.alloc(HEADER_BYTES);
      if ((await file.read(head, 0)) < HEADER_BYTES) throw damagedRun(name, 'it is too short');
      const header = decodeRunHeader(head, name);
      if (header.dataId !== dataId) throw damagedRun(name, 'it belongs to another data directory');
      const index = new Uint32Array(header.blocks);
      const bytes = new Uint8Array(index.buffer);
      await file.read(bytes, HEADER_BYTES + header.blocks * BLOCK_BYTES);
      if (crc32(bytes) !== header.indexCrc) throw damagedRun(name, 'its index is damaged');
      return new TouchRun(name, header, file, index);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(name: string, header: RunHeader, file: ReadableFile, index: Uint32Array) {
    this.name = name;
    this.touches = header.touches;
    this.oldest = header.oldest;
    this.newest = header.newest;
    this.#file = file;
    this.#index = index;
  }

  get blocks(): number {
    return this.#index.length;
  }

  get bytes(): number {
    return HEADER_BYTES + this.blocks * (BLOCK_BYTES + 4);
  }

  get indexBytes(): number {
    return this.#index.byteLength;
  }

  /** Gives `take` the touches of `user` with event times from `from` to `to`, both included. Throws data_corrupt. */
  find(user: UserKey, from: UnixMs, to: UnixMs, take: TakeRow): void {
    if (this.newest < from || this.oldest > to) return;
    const hash = user.hash >>> 0;
    // The user's rows may begin within the block before the first one that begins with the hash.
    let block = Math.max(0, firstAtLeast(this.#index, hash) - 1);
    const end = firstAtLeast(this.#index, hash + 1);
    while (block < end) {
      const count = Math.min(READ_BLOCKS, end - block);
      this.#file.readSync(scratchBytes.subarray(0, count * BLOCK_BYTES), HEADER_BYTES + block * BLOCK_BYTES);
      for (let n = 0; n < count; n++) {
        this.#check(scratch, n * BLOCK_WORDS);
        scanBlock(scratch, n * BLOCK_WORDS, hash, (words, at) => {
          const time = timeOf(words, at);
          if (time >= from && time <= to && isOfUser(words, at, user)) take(words, at);
        });
      }
      block += count;
    }
  }

  /** Reads blocks from `block` on into `into`, as many as fit, and checks them; resolves to how many there were. */
  async read(into: Int32Array, block: number): Promise<number> {
    const count = Math.min(Math.floor(into.length / BLOCK_WORDS), this.blocks - block);
    const bytes = new Uint8Array(into.buffer, into.byteOffset, count * BLOCK_BYTES);
    await this.#file.read(bytes, HEADER_BYTES + block * BLOCK_BYTES);
    for (let n = 0; n < count; n++) this.#check(into, n * BLOCK_WORDS);
    return count;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #check(words: Int32Array, start: number): void {
    const rest = new Uint8Array(words.buffer, words.byteOffset + (start + 1) * 4, BLOCK_BYTES - 4);
    if (crc32(rest) !== words[start + BLOCK_CRC] >>> 0) throw damagedRun(this.name, 'a block is damaged');
  }
}

/** Gives `take` the rows of a block whose user has the hash. */
function scanBlock(words: Int32Array, start: number, hash: number, take: TakeRow): void {
  const end = start + words[start + BLOCK_USED];
  for (let at = start + FIRST_ROW; at < end; at += touchWords(words[at + SHAPE])) {
    const other = words[at + HASH] >>> 0;
    if (other > hash) return;
    if (other === hash) take(words, at);
  }
}

/** The first place in sorted `values` whose value is at least `least`; their length when there is none. */
function firstAtLeast(values: Uint32Array, least: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
