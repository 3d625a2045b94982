import { assert } from '../../base/assert.ts';
import { CONTENT, ID, ROW_WORDS } from '../scan/event-batch.ts';
import { DedupeCohorts } from './dedupe-cohorts.ts';
import { ENTRY_WORDS, GROUP_HEADER_WORDS, PARTITIONS, PARTITION_SHIFT, sealEntry } from './dedupe-entry.ts';
import { DedupeJournal } from './dedupe-journal.ts';
import { IdPermutation } from './dedupe-permutation.ts';
import { DedupeTables, type Seen, UNSEEN } from './dedupe-tables.ts';

export { OTHER_CONTENT, SAME_CONTENT, type Seen, UNSEEN } from './dedupe-tables.ts';

/** `full` dumps all that is remembered; `delta` what was added since the cut of the snapshot before (or ever). */
export type SnapshotMode = 'full' | 'delta';

/** Partitions are swept, a batch at a time, when fewer tags than this are free. */
const FREE_TAGS_LOW = 1024;
/** Entries loaded at a time. */
const LOAD_STRIDE = 512;
const WORDS = ENTRY_WORDS;
const ROW = ROW_WORDS;
const ID_AT = ID;
const CONTENT_AT = CONTENT;

/**
 * Remembers ids of 128 bits, each with 30 bits of its content's fingerprint and the generation it was added in, in 24 bytes
 * an id or less. Answers depend on what was added and forgotten only, never on layout, timing or restarts.
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
  readonly #tables = new DedupeTables(this.#cohorts);

  /** The entries of the located rows. */
  #located = new Int32Array(1024 * ENTRY_WORDS);
  /** The row just found unseen; -1 when something has changed since. */
  #unseenRow = -1;

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
    this.#tables.reserve(Math.ceil(expected + 2 * Math.sqrt(expected)));
  }

  /** Ids remembered, exactly. */
  get size(): number {
    return this.#cohorts.size;
  }

  /** Memory of tables, journal and buffers. */
  get bytes(): number {
    const journals = this.#journal.bytes + (this.#snapshot?.journal.bytes ?? 0);
    return this.#tables.bytes + (this.#located.length + this.#dump.length) * 4 + journals;
  }

  /** Reads id and content of the event rows `rows[0 … count)` of `words` and starts bringing their slots into the cache. */
  locate(words: Int32Array, rows: Int32Array, count: number): void {
    if (count * WORDS > this.#located.length) this.#located = new Int32Array(count * WORDS);
    this.#unseenRow = -1;
    const located = this.#located;
    const permutation = this.#permutation;
    for (let i = 0, to = 0; i < count; i++, to += WORDS) {
      const row = rows[i] * ROW;
      permutation.apply(words, row + ID_AT, located, to);
      sealEntry(located, to, words[row + CONTENT_AT]);
    }
    this.#tables.touch(located, 0, count);
    if (this.#cohorts.hasDroppable && this.#cohorts.freeTags < FREE_TAGS_LOW) this.#sweep();
  }

  /** Whether the id of located row `i` is remembered. */
  seen(i: number): Seen {
    const seen = this.#tables.look(this.#located, i * WORDS);
    this.#unseenRow = seen === UNSEEN ? i : -1;
    return seen;
  }

  /**
   * Remembers the id of located row `i`, just found UNSEEN. A generation that is already forgotten (the clock went back)
   * counts as the oldest that is not: the id is remembered, if not for as long.
   */
  add(i: number, generation: number): void {
    assert(i === this.#unseenRow, 'only an id just found unseen is added');
    // A new generation may call for a sweep, which moves entries.
    const sameGeneration = generation === this.#addedGeneration;
    if (!sameGeneration) this.#openGeneration(generation);
    const at = i * WORDS;
    this.#tables.put(this.#located, at, this.#addTag, sameGeneration);
    this.#cohorts.count(this.#addTag, 1);
    this.#journal.append(this.#addGeneration, this.#located, at);
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
    const wordsMax = this.#tables.dumpWordsMax(n);
    if (wordsMax > this.#dump.length) this.#dump = new Int32Array(Math.ceil(wordsMax * 1.2));
    return this.#dump.subarray(0, this.#tables.dump(n, this.#dump));
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
      at += GROUP_HEADER_WORDS;
      assert(entries >= 0 && at + entries * WORDS <= words.length, 'a dump is made of whole groups');
      if (generation > this.#cohorts.forgotten) this.#loadGroup(words, at, entries, generation);
      at += entries * WORDS;
    }
  }

  #loadGroup(words: Int32Array, from: number, entries: number, generation: number): void {
    this.#openGeneration(generation);
    for (let done = 0; done < entries; done += LOAD_STRIDE) {
      const count = Math.min(LOAD_STRIDE, entries - done);
      const start = from + done * WORDS;
      // The entries of a full snapshot's slice meet in one table, which is in the cache by now.
      const apart = (words[start] ^ words[start + (count - 1) * WORDS]) >>> PARTITION_SHIFT !== 0;
      if (apart) this.#tables.touch(words, start, count);
      for (let i = 0, at = start; i < count; i++, at += WORDS) {
        this.#tables.put(words, at, this.#addTag, false);
      }
    }
    this.#cohorts.count(this.#addTag, entries);
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

  /** Purges the partition whose turn it is, so that tags become free again. */
  #sweep(): void {
    this.#tables.purge(this.#cohorts.nextSwept);
    this.#cohorts.sweep();
  }
}
