import type { UnixMs } from '../../base/clock.ts';
import { assert } from '../../base/assert.ts';
import * as row from '../scan/event-batch.ts';
import { readUuid } from '../scan/simple-values.ts';
import * as touch from './touch-row.ts';
import {
  compareRows,
  isOfUser,
  timeOf,
  writeTime,
  wordsFor,
  type TakeRow,
  type UserKey,
} from './touch-row.ts';

// A module's own constants are folded into its code; imported ones are loaded and checked at every use.
const { ID_START, ID_END, IN_TEXT, IS_CLICK, MERCHANT_START, MERCHANT_END, ROW_DOUBLES, ROW_WORDS } = row;
const { TIME_DOUBLE, USER_HASH, USER_START, USER_END } = row;
const { CLICK_BIT, DIMENSION, HASH, LENGTH_BITS, SHAPE, TEXT, TOUCH_WORDS_MAX } = touch;

const CHUNK_BITS = 16;
const CHUNK_WORDS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_WORDS - 1;
/** References fit 31 bits. */
const TOUCH_MEMORY_BYTES_MAX = 2 ** 33;
/** Of the memory allowed, one bucket for so many bytes: chains stay short, and buckets are a hundredth of it all. */
const BYTES_PER_BUCKET = 256;
const BUCKET_BITS_MIN = 8;
const UUID_BYTES = 36;
/** The rows to sort of one bucket; one with more is sorted in pieces of this size, so that nobody waits for it. */
const PIECE_ROWS = 1024;
/** Rows that are handed out at a time. */
const ROWS_PER_STEP = 32;
const BUCKETS_PER_STEP = 4096;
/** A bucket with at most so many rows is sorted at once. */
const FEW_ROWS = 24;

/**
 * The latest touches: rows one after the other in chunks that never move, chained by the first bits of the user's hash. So
 * adding one touches one bucket and the end of the last chunk, and the buckets in their order are the rows sorted by hash.
 */
export class TouchMemory {
  readonly #shift: number;
  /** The newest row of each bucket; 0 for none. Before each row stands the reference of the one before it. */
  readonly #heads: Int32Array;
  #chunks: Int32Array<ArrayBuffer>[] = [];
  #last = new Int32Array(0);
  readonly #few = new Int32Array(FEW_ROWS);
  #length = CHUNK_WORDS;
  count = 0;
  /** Event times of its touches, Unix ms; none: newest is before oldest. */
  oldest: UnixMs = Number.POSITIVE_INFINITY;
  newest: UnixMs = Number.NEGATIVE_INFINITY;

  /** For about `bytes` at most; it is for the owner to see to that. */
  constructor(bytes: number) {
    assert(bytes <= TOUCH_MEMORY_BYTES_MAX, 'references fit 31 bits');
    const bits = Math.max(BUCKET_BITS_MIN, Math.floor(Math.log2(bytes / BYTES_PER_BUCKET)));
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(2 ** bits);
  }

  get bytes(): number {
    return this.#heads.byteLength + this.#chunks.length * CHUNK_WORDS * 4;
  }

  get buckets(): number {
    return this.#heads.length;
  }

  /**
   * Adds the event of row `index` of a batch; its texts stand in `source`, its dimension has the reference `dimension`.
   * `flags` as flagsOf gives them.
   */
  add(
    words: Int32Array,
    doubles: Float64Array,
    index: number,
    source: DataView,
    dimension: number,
    flags: number,
  ): void {
    if (this.#length + 1 + TOUCH_WORDS_MAX > CHUNK_WORDS) this.#openChunk();
    const event = index * ROW_WORDS;
    const chunk = this.#last;
    const link = this.#length;
    const at = link + 1;
    const hash = words[event + USER_HASH];
    const time = doubles[index * ROW_DOUBLES + TIME_DOUBLE];
    const idStart = words[event + ID_START];
    const userStart = words[event + USER_START];
    const userEnd = words[event + USER_END];
    const merchantStart = words[event + MERCHANT_START];
    const merchantEnd = words[event + MERCHANT_END];
    let idBytes = words[event + ID_END] - idStart;
    let end = at + TEXT;
    // Behind an id within a body a quote follows; one that was unescaped stays a text.
    const isUuid =
      idBytes === UUID_BYTES && words[event + IN_TEXT] === 0 && readUuid(source, idStart, chunk, end);
    if (isUuid) {
      idBytes = 0;
      end += 4;
    } else {
      end = copyText(source, idStart, idStart + idBytes, chunk, end);
    }
    end = copyText(source, userStart, userEnd, chunk, end);
    end = copyText(source, merchantStart, merchantEnd, chunk, end);
    chunk[at + HASH] = hash;
    writeTime(chunk, at, time, flags);
    chunk[at + DIMENSION] = dimension;
    chunk[at + SHAPE] =
      idBytes |
      ((userEnd - userStart) << LENGTH_BITS) |
      ((merchantEnd - merchantStart) << (2 * LENGTH_BITS)) |
      (words[event + IS_CLICK] === 0 ? 0 : CLICK_BIT);
    const bucket = hash >>> this.#shift;
    chunk[link] = this.#heads[bucket];
    this.#heads[bucket] = ((this.#chunks.length - 1) << CHUNK_BITS) | at;
    this.#length = end;
    this.count++;
    if (time < this.oldest) this.oldest = time;
    if (time > this.newest) this.newest = time;
  }

  /** Gives `take` the touches of `user` with event times from `from` to `to`, both included, in no order. */
  find(user: UserKey, from: UnixMs, to: UnixMs, take: TakeRow): void {
    if (this.newest < from || this.oldest > to) return;
    for (let reference = this.#heads[user.hash >>> this.#shift]; reference !== 0;) {
      const chunk = this.#chunks[reference >>> CHUNK_BITS];
      const at = reference & CHUNK_MASK;
      if (isOfUser(chunk, at, user)) {
        const time = timeOf(chunk, at);
        if (time >= from && time <= to) take(chunk, at);
      }
      reference = chunk[at - 1];
    }
  }

  /**
   * Gives `take` the rows of buckets from `bucket` on in the order of a run, about ROWS_PER_STEP of them, and returns where to
   * go on; `bucket` itself when it has so many rows that bigBucket() has to do it. All buckets are a whole run.
   */
  takeBuckets(bucket: number, take: TakeRow): number {
    const few = this.#few;
    const end = Math.min(this.#heads.length, bucket + BUCKETS_PER_STEP);
    let rows = 0;
    for (let n = bucket; n < end; n++) {
      let count = 0;
      for (let reference = this.#heads[n]; reference !== 0;) {
        if (count === FEW_ROWS) return n;
        let at = count++;
        while (at > 0 && this.#compare(few[at - 1], reference) > 0) few[at] = few[--at];
        few[at] = reference;
        reference = this.#chunks[reference >>> CHUNK_BITS][(reference & CHUNK_MASK) - 1];
      }
      for (let at = 0; at < count; at++) take(this.#chunks[few[at] >>> CHUNK_BITS], few[at] & CHUNK_MASK);
      rows += count;
      if (rows >= ROWS_PER_STEP) return n + 1;
    }
    return end;
  }

  /** Gives `take` the rows of a bucket in the order of a run; each step of it is short. */
  *bigBucket(bucket: number, take: TakeRow): Generator<void, void> {
    let pieces: number[][] = [];
    let piece: number[] = [];
    for (let reference = this.#heads[bucket]; reference !== 0;) {
      piece.push(reference);
      reference = this.#chunks[reference >>> CHUNK_BITS][(reference & CHUNK_MASK) - 1];
      if (piece.length < PIECE_ROWS && reference !== 0) continue;
      if (piece.length > 1) piece.sort((a, b) => this.#compare(a, b));
      pieces.push(piece);
      piece = [];
      if (reference !== 0) yield;
    }
    while (pieces.length > 1) {
      const merged: number[][] = [];
      for (let n = 0; n < pieces.length; n += 2)
        merged.push(yield* this.#merge(pieces[n], pieces[n + 1] ?? []));
      pieces = merged;
    }
    const [sorted = []] = pieces;
    for (const [n, reference] of sorted.entries()) {
      take(this.#chunks[reference >>> CHUNK_BITS], reference & CHUNK_MASK);
      if (n % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
    }
  }

  /** Gives the memory back at once, without waiting for the garbage collector. */
  free(): void {
    for (const chunk of this.#chunks) chunk.buffer.transfer(0);
    this.#chunks = [];
    this.#heads.fill(0);
  }

  *#merge(a: readonly number[], b: readonly number[]): Generator<void, number[]> {
    const merged: number[] = [];
    let [fromA, fromB] = [0, 0];
    while (fromA < a.length || fromB < b.length) {
      const takesA = fromB === b.length || (fromA < a.length && this.#compare(a[fromA], b[fromB]) <= 0);
      merged.push(takesA ? a[fromA++] : b[fromB++]);
      if (merged.length % PIECE_ROWS === 0) yield;
    }
    return merged;
  }

  #compare(a: number, b: number): number {
    return compareRows(
      this.#chunks[a >>> CHUNK_BITS],
      a & CHUNK_MASK,
      this.#chunks[b >>> CHUNK_BITS],
      b & CHUNK_MASK,
    );
  }

  #openChunk(): void {
    this.#last = new Int32Array(CHUNK_WORDS);
    this.#chunks.push(this.#last);
    this.#length = 0;
  }
}

/** Copies a text into words, the last one filled up with zeros; returns the word behind it. */
function copyText(source: DataView, start: number, end: number, into: Int32Array, to: number): number {
  let word = to;
  let from = start;
  for (; from + 4 <= end; from += 4) into[word++] = source.getInt32(from, true);
  if (from === end) return word;
  let rest = 0;
  for (let shift = 0; from < end; from++, shift += 8) rest |= source.getUint8(from) << shift;
  into[word] = rest;
  return to + wordsFor(end - start);
}
