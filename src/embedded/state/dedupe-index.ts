import { assert } from '../../base/assert.ts';
import { CONTENT, ID, ROW_WORDS } from '../scan/event-batch.ts';
import { DedupeCohorts } from './dedupe-cohorts.ts';
import {
  ENTRY_WORDS,
  GROUP_HEADER_WORDS,
  ID_IN_LAST,
  PARTITIONS,
  PARTITION_SHIFT,
  REST,
  TAG_SHIFT,
  sealEntry,
} from './dedupe-entry.ts';
import { DedupeJournal } from './dedupe-journal.ts';
import { IdPermutation } from './dedupe-permutation.ts';
import {
  BODY_WORDS,
  type DedupeTable,
  NO_TABLE,
  dump,
  entriesMax,
  freeSlot,
  homeSlot,
  purge,
  refill,
  slotsFor,
} from './dedupe-table.ts';

/** What `seen` says of an id: not remembered; remembered with this content; remembered with another one. */
export const UNSEEN = 0;
export const SAME_CONTENT = 1;
export const OTHER_CONTENT = 2;
export type Seen = typeof UNSEEN | typeof SAME_CONTENT | typeof OTHER_CONTENT;

/** `full` dumps all that is remembered; `delta` what was added since the cut of the snapshot before (or ever). */
export type SnapshotMode = 'full' | 'delta';

/** After a purge a table that is nearly full grows all the same, or it would soon be purged again … */
const KEEP_BELOW = 0.92;
/** … and one that is nearly empty shrinks. */
const SHRINK_BELOW = 0.5;
/** Partitions are swept, a batch at a time, when fewer tags than this are free. */
const FREE_TAGS_LOW = 1024;
/** Entries loaded at a time. */
const LOAD_STRIDE = 512;

/**
 * Remembers ids of 128 bits, each with the 32-bit fingerprint of its content and the generation it was added in, in about
 * 23 bytes an id. Answers depend on what was added and forgotten only, never on layout, timing or restarts.
 *
 * For a batch: `locate` it (500 to 1,000 rows at a time hide the cache misses best), then ask `seen(i)` row by row and, where
 * the id is UNSEEN and counts, `add(i)` before the next question, so that duplicates within the batch are found.
 *
 * For a snapshot: `beginSnapshot` is the cut; then take `slice(n)` for n from 0 to `slices` - 1, with adding and forgetting
 * going on in between, and `endSnapshot` once all are durable. To go back: a new index with the same seed,
 * `forgetThrough` what was forgotten at the cut, `load` the slices of the last full snapshot and of every delta since.
 */
export class DedupeIndex {
  readonly #permutation: IdPermutation;
  readonly #cohorts = new DedupeCohorts();
  readonly #tables: DedupeTable[] = Array.from({ length: PARTITIONS }, () => NO_TABLE);
  readonly #slots = new Int32Array(PARTITIONS).fill(1);
  /** Entries in each table, forgotten ones included, and how many it takes. */
  readonly #used = new Int32Array(PARTITIONS);
  readonly #usedMax = new Int32Array(PARTITIONS);
  #tableWords = 0;

  /** The entries of the located rows. */
  #located = new Int32Array(1024 * ENTRY_WORDS);
  /** The row last found unseen, and the slot where its entry would go. */
  #unseenRow = -1;
  #unseenSlot = 0;
  /** The sum of touched words: keeps the touching from being optimized away. */
  touched = 0;

  /** The generation last added to (NaN: ask the cohorts) and where its entries go. */
  #addedGeneration = Number.NaN;
  #addGeneration = 0;
  #addTag = 0;

  #journal = new DedupeJournal();
  #snapshot: { mode: SnapshotMode; journal: DedupeJournal; next: number } | undefined;
  #dump = new Int32Array(0);

  /** `seed`: 16 secret bytes or more, the same for the life of a data directory. `expectedIds`: room made at once. */
  constructor(seed: Uint8Array, options: { expectedIds?: number } = {}) {
    this.#permutation = new IdPermutation(seed);
    const expected = (options.expectedIds ?? 0) / PARTITIONS;
    if (expected === 0) return;
    // Partitions fill unevenly, by about the root of what they hold.
    const entries = Math.ceil(expected + 2 * Math.sqrt(expected));
    for (let partition = 0; partition < PARTITIONS; partition++) this.#resize(partition, entries);
  }

  /** Ids remembered, exactly. */
  get size(): number {
    return this.#cohorts.size;
  }

  /** Memory of tables, journal and buffers. */
  get bytes(): number {
    const journals = this.#journal.bytes + (this.#snapshot?.journal.bytes ?? 0);
    return (this.#tableWords + this.#located.length + this.#dump.length) * 4 + journals;
  }

  /** Reads id and content of the event rows `rows[0 … count)` of `words` and starts bringing their slots into the cache. */
  locate(words: Int32Array, rows: Int32Array, count: number): void {
    if (count * ENTRY_WORDS > this.#located.length) this.#located = new Int32Array(count * ENTRY_WORDS);
    this.#unseenRow = -1;
    const located = this.#located;
    const permutation = this.#permutation;
    for (let i = 0, to = 0; i < count; i++, to += ENTRY_WORDS) {
      const row = rows[i] * ROW_WORDS;
      permutation.apply(words, row + ID, located, to);
      sealEntry(located, to, words[row + CONTENT]);
    }
    this.#touch(located, 0, count);
    if (this.#cohorts.hasDroppable && this.#cohorts.freeTags < FREE_TAGS_LOW) this.#sweep();
  }

  /** Whether the id of located row `i` is remembered. */
  seen(i: number): Seen {
    const located = this.#located;
    const at = i * ENTRY_WORDS;
    const partition = located[at] >>> PARTITION_SHIFT;
    const rest = located[at] & REST;
    const hash = located[at + 1];
    const table = this.#tables[partition];
    const slots = this.#slots[partition];
    let slot = homeSlot(hash, slots);
    for (;;) {
      const head = table[slot];
      if (head === 0) break;
      if ((head & REST) === rest && this.#cohorts.live[head >>> TAG_SHIFT] !== 0) {
        const body = slots + slot * BODY_WORDS;
        if (
          table[body] === hash &&
          table[body + 1] === located[at + 2] &&
          table[body + 2] === located[at + 3]
        ) {
          const difference = table[body + 3] ^ located[at + 4];
          if (difference === 0) return SAME_CONTENT;
          if ((difference & ID_IN_LAST) === 0) return OTHER_CONTENT;
        }
      }
      slot++;
      if (slot === slots) slot = 0;
    }
    this.#unseenRow = i;
    this.#unseenSlot = slot;
    return UNSEEN;
  }

  /**
   * Remembers the id of located row `i`, just found UNSEEN. A generation that is already forgotten (the clock went back)
   * counts as the oldest that is not: the id is remembered, if not for as long.
   */
  add(i: number, generation: number): void {
    assert(i === this.#unseenRow, 'only an id just found unseen is added');
    const located = this.#located;
    const at = i * ENTRY_WORDS;
    const partition = located[at] >>> PARTITION_SHIFT;
    let slot = this.#unseenSlot;
    if (generation !== this.#addedGeneration || this.#used[partition] >= this.#usedMax[partition]) {
      this.#openGeneration(generation);
      if (this.#used[partition] >= this.#usedMax[partition]) this.#makeRoom(partition);
      slot = freeSlot(this.#tables[partition], this.#slots[partition], located[at + 1]);
    }
    this.#write(partition, slot, located, at);
    this.#cohorts.count(this.#addTag, 1);
    this.#journal.append(this.#addGeneration, located, at);
    this.#unseenRow = -1;
  }

  /** Forgets every id of generations up to `generation`, at once and for good. The horizon never goes back. */
  forgetThrough(generation: number): void {
    this.#cohorts.forgetThrough(generation);
    this.#addedGeneration = Number.NaN;
    this.#unseenRow = -1;
  }

  /** Makes the cut. What is added or forgotten from now on is not part of the snapshot. */
  beginSnapshot(mode: SnapshotMode): void {
    assert(this.#snapshot === undefined, 'one snapshot at a time');
    this.#snapshot = { mode, journal: this.#journal, next: 0 };
    this.#journal = new DedupeJournal();
    if (mode === 'delta') return;
    this.#snapshot.journal.free();
    this.#cohorts.freeze();
    this.#addedGeneration = Number.NaN;
  }

  /** How many slices the snapshot has, each of up to some hundred KiB. */
  get slices(): number {
    assert(this.#snapshot !== undefined, 'no snapshot is under way');
    return this.#snapshot.mode === 'full' ? PARTITIONS : this.#snapshot.journal.chunks;
  }

  /** Slice `n`, each once and in turn, as words for `load`; valid until the next call. May be empty. */
  slice(n: number): Int32Array {
    const snapshot = this.#snapshot;
    assert(snapshot !== undefined && n === snapshot.next, `slice ${n} is not the next of a snapshot`);
    snapshot.next++;
    if (snapshot.mode === 'delta') return snapshot.journal.chunk(n);
    const wordsMax = this.#used[n] * (ENTRY_WORDS + GROUP_HEADER_WORDS);
    if (wordsMax > this.#dump.length) this.#dump = new Int32Array(Math.ceil(wordsMax * 1.2));
    const { cut, generations } = this.#cohorts;
    return this.#dump.subarray(0, dump(this.#tables[n], n, cut, generations, this.#dump));
  }

  /** Ends the snapshot after its last slice: from now on it is the one that the next delta starts from. */
  endSnapshot(): void {
    const snapshot = this.#snapshot;
    assert(snapshot !== undefined && snapshot.next === this.slices, 'a snapshot ends after its last slice');
    if (snapshot.mode === 'full') this.#cohorts.thaw();
    else snapshot.journal.free();
    this.#snapshot = undefined;
  }

  /** Takes back the words of a slice, given the same seed. Forgotten generations are left out. */
  load(words: Int32Array): void {
    this.#addedGeneration = Number.NaN;
    for (let at = 0; at < words.length;) {
      const generation = words[at];
      const entries = words[at + 1];
      at += 2;
      assert(entries >= 0 && at + entries * ENTRY_WORDS <= words.length, 'a dump is made of whole groups');
      if (generation > this.#cohorts.forgotten) this.#loadGroup(words, at, entries, generation);
      at += entries * ENTRY_WORDS;
    }
  }

  #loadGroup(words: Int32Array, from: number, entries: number, generation: number): void {
    this.#openGeneration(generation);
    for (let done = 0; done < entries; done += LOAD_STRIDE) {
      const count = Math.min(LOAD_STRIDE, entries - done);
      const start = from + done * ENTRY_WORDS;
      this.#touch(words, start, count);
      for (let i = 0, at = start; i < count; i++, at += ENTRY_WORDS) {
        const partition = words[at] >>> PARTITION_SHIFT;
        if (this.#used[partition] >= this.#usedMax[partition]) this.#makeRoom(partition);
        this.#write(
          partition,
          freeSlot(this.#tables[partition], this.#slots[partition], words[at + 1]),
          words,
          at,
        );
      }
    }
    this.#cohorts.count(this.#addTag, entries);
  }

  /** Reads the home slots of `count` entries: the misses overlap, where look-ups would wait for them one by one. */
  #touch(entries: Int32Array, from: number, count: number): void {
    let touched = 0;
    for (let i = 0, at = from; i < count; i++, at += ENTRY_WORDS) {
      const partition = entries[at] >>> PARTITION_SHIFT;
      const home = homeSlot(entries[at + 1], this.#slots[partition]);
      touched = (touched + this.#tables[partition][home]) | 0;
    }
    this.touched = touched;
  }

  #write(partition: number, slot: number, entries: Int32Array, at: number): void {
    const table = this.#tables[partition];
    table[slot] = (this.#addTag << TAG_SHIFT) | (entries[at] & REST);
    const body = this.#slots[partition] + slot * BODY_WORDS;
    table[body] = entries[at + 1];
    table[body + 1] = entries[at + 2];
    table[body + 2] = entries[at + 3];
    table[body + 3] = entries[at + 4];
    this.#used[partition]++;
  }

  #openGeneration(generation: number): void {
    assert((generation | 0) === generation, `a generation is a 32-bit integer, got ${generation}`);
    this.#addGeneration = Math.max(generation, this.#cohorts.forgotten + 1);
    let tag = this.#cohorts.open(this.#addGeneration);
    for (let swept = 0; tag === undefined; swept++) {
      assert(swept <= PARTITIONS, 'too many generations are remembered');
      this.#sweep();
      tag = this.#cohorts.open(this.#addGeneration);
    }
    this.#addTag = tag;
    this.#addedGeneration = generation;
  }

  /** Before an entry goes into a full table: drops what is forgotten, and changes the table's size if that calls for it. */
  #makeRoom(partition: number): void {
    const usedMax = this.#usedMax[partition];
    if (this.#cohorts.hasDroppable) {
      this.#purge(partition);
      const used = this.#used[partition];
      if (used < usedMax * SHRINK_BELOW) return this.#resize(partition, used + 1);
      if (used < usedMax * KEEP_BELOW) return;
    }
    this.#resize(partition, usedMax + 1);
  }

  #resize(partition: number, entries: number): void {
    const from = this.#tables[partition];
    const slots = slotsFor(entries, staggerOf(partition));
    const into: DedupeTable = new Int32Array(slots * ENTRY_WORDS);
    this.#used[partition] = refill(from, into, this.#cohorts.droppable);
    this.#usedMax[partition] = entriesMax(slots);
    this.#tables[partition] = into;
    this.#slots[partition] = slots;
    this.#tableWords += into.length;
    if (from === NO_TABLE) return;
    this.#tableWords -= from.length;
    // Gives the memory back now: waiting for the garbage collector would keep hundreds of MB more.
    from.buffer.transfer(0);
  }

  #purge(partition: number): void {
    if (this.#used[partition] === 0) return;
    this.#used[partition] = purge(this.#tables[partition], this.#cohorts.droppable);
  }

  /** Purges the partition whose turn it is, so that tags become free again. */
  #sweep(): void {
    this.#purge(this.#cohorts.nextSwept);
    this.#cohorts.sweep();
  }
}

/** The partition's number with its bits reversed, as a fraction: any run of partitions is spread over [0, 1). */
function staggerOf(partition: number): number {
  let reversed = 0;
  for (let bit = 1; bit < PARTITIONS; bit <<= 1) reversed = reversed * 2 + ((partition & bit) === 0 ? 0 : 1);
  return reversed / PARTITIONS;
}
