import { crc32 } from '../../base/checksum.ts';
import type { UnixMs } from '../../base/clock.ts';
import { MIB } from '../../base/units.ts';
import type { Disk, WritableFile } from '../ports.ts';
import {
  BLOCK_BYTES,
  BLOCK_WORDS,
  encodeRunHeader,
  FIRST_ROW,
  HEADER_BYTES,
  touchRunPath,
} from './touch-run-format.ts';
import { HASH, SHAPE, timeOf, touchWords } from './touch-row.ts';

const BUFFER_BLOCKS = 128;
const BLOCKS_PER_PAGE = 4096 / BLOCK_BYTES;
/**
 * Blocks written at a time. Runs are read again, by look-ups and by the merge, so they go through the system's cache and not past
 * it, as larger pieces would.
 */
const PIECE_BLOCKS = 24;
/** What the cache holds is sent to the disk as soon as it is so much: otherwise a sync of the log would have to wait for all of it. */
const UNSYNCED_BYTES_MAX = 2 * MIB;

/** Writes a run: rows are added in their order, and the file is good once finish() has resolved. */
export class TouchRunWriter {
  readonly #file: WritableFile;
  readonly #dataId: string;
  readonly #words = new Int32Array(BUFFER_BLOCKS * BLOCK_WORDS);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  /** The first user hash of each block. */
  #index = new Uint32Array(1024);
  #blocks = 0;
  /** Blocks of the buffer that are full, and where the next row goes. */
  #full = 0;
  #at = FIRST_ROW;
  #position = HEADER_BYTES;
  #unsynced = 0;
  #touches = 0;
  #oldest: UnixMs = Number.POSITIVE_INFINITY;
  #newest: UnixMs = Number.NEGATIVE_INFINITY;

  /** Begins the file of this name; one that a crash has left there goes. */
  static async create(disk: Disk, name: string, dataId: string): Promise<TouchRunWriter> {
    const path = touchRunPath(name);
    await disk.remove(path);
    return new TouchRunWriter(await disk.openWrite(path, 'create'), dataId);
  }

  private constructor(file: WritableFile, dataId: string) {
    this.#file = file;
    this.#dataId = dataId;
  }

  get touches(): number {
    return this.#touches;
  }

  /** Whether the buffer should be flushed: 63 rows more have room, however long they are. */
  get isFull(): boolean {
    return this.#full >= BUFFER_BLOCKS / 2;
  }

  /** Adds the row at `at` of `words`, which is not before the last one. */
  add(words: Int32Array, at: number): void {
    const length = touchWords(words[at + SHAPE]);
    if (this.#at + length > (this.#full + 1) * BLOCK_WORDS) this.#endBlock();
    if (this.#at === this.#full * BLOCK_WORDS + FIRST_ROW) this.#beginBlock(words[at + HASH]);
    for (let n = 0; n < length; n++) this.#words[this.#at + n] = words[at + n];
    this.#at += length;
    this.#touches++;
    const time = timeOf(words, at);
    if (time < this.#oldest) this.#oldest = time;
    if (time > this.#newest) this.#newest = time;
  }

  /** Writes blocks that are full, as whole pages. */
  flush(): Promise<void> {
    return this.#write(this.#full - (this.#full % BLOCKS_PER_PAGE));
  }

  async #write(blocks: number): Promise<void> {
    if (blocks === 0) return;
    const end = blocks * BLOCK_BYTES;
    for (let at = 0; at < end; at += PIECE_BLOCKS * BLOCK_BYTES) {
      const piece = this.#bytes.subarray(at, Math.min(end, at + PIECE_BLOCKS * BLOCK_BYTES));
      await this.#file.write(piece, this.#position + at);
    }
    this.#position += end;
    this.#unsynced += end;
    if (this.#unsynced >= UNSYNCED_BYTES_MAX) await this.#sendToDisk();
    this.#words.copyWithin(0, blocks * BLOCK_WORDS);
    this.#at -= blocks * BLOCK_WORDS;
    this.#full -= blocks;
  }

  #sendToDisk(): Promise<void> {
    this.#unsynced = 0;
    return this.#file.sync();
  }

  /** Closes the file without making it good; whoever finds it removes it. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  /** Writes what is left, then index and header, and makes all of it durable. Resolves to the size of the file. */
  async finish(): Promise<number> {
    if (this.#at > this.#full * BLOCK_WORDS + FIRST_ROW) this.#endBlock();
    await this.#write(this.#full);
    const index = new Uint8Array(this.#index.buffer, 0, this.#blocks * 4);
    await this.#file.write(index, this.#position);
    const header = encodeRunHeader({
      dataId: this.#dataId,
      blocks: this.#blocks,
      touches: this.#touches,
      oldest: this.#oldest,
      newest: this.#newest,
      indexCrc: crc32(index),
    });
    await this.#file.write(header, 0);
    await this.#file.sync();
    await this.#file.close();
    return this.#position + index.length;
  }

  #beginBlock(hash: number): void {
    if (this.#blocks === this.#index.length) {
      const grown = new Uint32Array(this.#index.length * 2);
      grown.set(this.#index);
      this.#index = grown;
    }
    this.#index[this.#blocks++] = hash >>> 0;
  }

  #endBlock(): void {
    const start = this.#full * BLOCK_WORDS;
    this.#words[start + 1] = this.#at - start;
    this.#words.fill(0, this.#at, start + BLOCK_WORDS);
    this.#words[start] = crc32(this.#bytes.subarray((start + 1) * 4, (start + BLOCK_WORDS) * 4));
    this.#full++;
    this.#at = this.#full * BLOCK_WORDS + FIRST_ROW;
  }
}
