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
/** Its first n + 1 blocks: to make a view for each read takes as long as the read. */
const scratchViews = Array.from(
  { length: READ_BLOCKS },
  (_, n) => new Uint8Array(scratch.buffer, 0, (n + 1) * BLOCK_BYTES),
);
/** What the checksum of each of its blocks is of. */
const scratchRests = Array.from({ length: READ_BLOCKS }, (_, n) => restOf(scratch, n * BLOCK_WORDS));
/** The first step away from where a hash is expected in the index. */
const FIRST_STEP = 16;
const TWO_TO_32 = 2 ** 32;

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
    const index = this.#index;
    const hash = user.hash >>> 0;
    let end = firstAtLeast(index, hash);
    // The user's rows may begin within the block before the first one that begins with the hash.
    let block = Math.max(0, end - 1);
    while (end < index.length && index[end] === hash) end++;
    while (block < end) {
      const count = Math.min(READ_BLOCKS, end - block);
      this.#expect(this.#file.readSync(scratchViews[count - 1], positionOf(block)), count);
      for (let n = 0; n < count; n++) {
        this.#check(scratch, n * BLOCK_WORDS, scratchRests[n]);
        takeRows(scratch, n * BLOCK_WORDS, user, from, to, take);
      }
      block += count;
    }
  }

  /** Reads blocks from `block` on into `into`, as many as fit, and checks them; resolves to how many there were. */
  async read(into: Int32Array, block: number): Promise<number> {
    const count = Math.min(Math.floor(into.length / BLOCK_WORDS), this.blocks - block);
    const bytes = new Uint8Array(into.buffer, into.byteOffset, count * BLOCK_BYTES);
    this.#expect(await this.#file.read(bytes, positionOf(block)), count);
    for (let n = 0; n < count; n++) this.#check(into, n * BLOCK_WORDS, restOf(into, n * BLOCK_WORDS));
    return count;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #expect(bytesRead: number, blocks: number): void {
    if (bytesRead < blocks * BLOCK_BYTES) throw damagedRun(this.name, 'it is cut short');
  }

  #check(words: Int32Array, start: number, rest: Uint8Array): void {
    if (crc32(rest) !== words[start + BLOCK_CRC] >>> 0) throw damagedRun(this.name, 'a block is damaged');
  }
}

function positionOf(block: number): number {
  return HEADER_BYTES + block * BLOCK_BYTES;
}

/** What follows the checksum of the block that begins at `start`. */
function restOf(words: Int32Array, start: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + (start + 1) * 4, BLOCK_BYTES - 4);
}

/** Gives `take` the user's rows of a block with event times from `from` to `to`. */
function takeRows(
  words: Int32Array,
  start: number,
  user: UserKey,
  from: UnixMs,
  to: UnixMs,
  take: TakeRow,
): void {
  const hash = user.hash >>> 0;
  const end = start + words[start + BLOCK_USED];
  for (let at = start + FIRST_ROW; at < end; at += touchWords(words[at + SHAPE])) {
    const other = words[at + HASH] >>> 0;
    if (other < hash) continue;
    if (other > hash) return;
    const time = timeOf(words, at);
    if (time >= from && time <= to && isOfUser(words, at, user)) take(words, at);
  }
}

/**
 * The first place in sorted `values` whose value is at least `least`; their length when there is none. Hashes are spread evenly,
 * so it is looked for around the place where it would stand if they were so exactly: few steps, and close to each other.
 */
function firstAtLeast(values: Uint32Array, least: number): number {
  const guess = Math.min(values.length - 1, Math.floor((least * values.length) / TWO_TO_32));
  let [low, high] = [0, values.length];
  if (values[guess] < least) {
    low = guess + 1;
    for (let step = FIRST_STEP; low + step < high; step *= 2) {
      if (values[low + step] >= least) high = low + step;
      else low += step + 1;
    }
  } else {
    high = guess;
    for (let step = FIRST_STEP; high - step >= low; step *= 2) {
      if (values[high - step] < least) low = high - step + 1;
      else high -= step;
    }
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
