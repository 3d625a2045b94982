import { assert } from '../../base/assert.ts';
import { CONTENT, ID, ROW_WORDS } from '../scan/event-batch.ts';
import { DedupeCohorts } from './dedupe-cohorts.ts';
import {
  cohortOf,
  ENTRY_WORDS,
  generationOf,
  GROUP_HEADER_WORDS,
  OWN,
  type Owner,
  PARTITIONS,
  PARTITION_SHIFT,
  PEERS,
  sealEntry,
} from './dedupe-entry.ts';
import { DedupeJournal } from './dedupe-journal.ts';
import { IdPermutation } from './dedupe-permutation.ts';
import { DedupeTables, SAME_CONTENT, type Seen, UNSEEN } from './dedupe-tables.ts';

export { OWN, PEERS } from './dedupe-entry.ts';
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
const SAME = SAME_CONTENT;

interface Snapshot {
  readonly mode: SnapshotMode;
  readonly journals: readonly DedupeJournal[];
  /** The slice to take next. */
  next: number;
}

/**
 * Remembers ids of 128 bits, each with 30 bits of its content's fingerprint, the generation it was added in and whose it is, in
 * 24 bytes an id or less. Answers depend on what was added and forgotten only, never on layout, timing or restarts.
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
  /** The row just found remembered, with the same content; -1 likewise. */
  #seenRow = -1;

  /** The cohort last asked for (NaN: ask the cohorts), the one that its entries go to, and their tag. */
  #askedCohort = Number.NaN;
  #addCohort = 0;
  #addTag = 0;

  #journal = new DedupeJournal();
  /** Entries that have got another owner since the cut. */
  #reowned = new DedupeJournal(-1);
  #snapshot: Snapshot | undefined;
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
    const journals = [this.#journal, this.#reowned, ...(this.#snapshot?.journals ?? [])];
    const buffers = (this.#located.length + this.#dump.length) * 4;
    return journals.reduce((sum, { bytes }) => sum + bytes, this.#tables.bytes + buffers);
  }

  /** Reads id and content of the event rows `rows[0 … count)` of `words` and starts bringing their slots into the cache. */
  locate(words: Int32Array, rows: Int32Array, count: number): void {
    if (count * WORDS > this.#located.length) this.#located = new Int32Array(count * WORDS);
    this.#unseenRow = -1;
    this.#seenRow = -1;
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
    this.#seenRow = seen === SAME ? i : -1;
    return seen;
  }

  /** Whose the id is that was just found remembered. */
  get seenOwner(): Owner {
    return (this.#cohorts.numbers[this.#tables.seenTag] & 1) === 0 ? OWN : PEERS;
  }

  /**
   * Remembers the id of located row `i`, just found UNSEEN. A generation that is already forgotten (the clock went back)
   * counts as the oldest that is not: the id is remembered, if not for as long.
   */
  add(i: number, generation: number, owner: Owner = OWN): void {
    assert(i === this.#unseenRow, 'only an id just found unseen is added');
    const cohort = cohortOf(generation, owner);
    // A new cohort may call for a sweep, which moves entries.
    const sameCohort = cohort === this.#askedCohort;
    if (!sameCohort) this.#openCohort(cohort);
    const at = i * WORDS;
    this.#tables.put(this.#located, at, this.#addTag, sameCohort);
    this.#cohorts.count(this.#addTag, 1);
    this.#journal.append(this.#addCohort, this.#located, at);
    this.#unseenRow = -1;
  }

  /**
   * Gives the id of located row `i`, just found with the same content, to an owner, as if it came in this generation, or in the
   * one it has when that is later: an id moves on only, so that what is loaded may leave out the moves to what is forgotten.
   */
  reown(i: number, generation: number, owner: Owner): void {
    assert(i === this.#seenRow, 'only an id just found with the same content gets another owner');
    this.#seenRow = -1;
    const at = i * WORDS;
    const has = generationOf(this.#cohorts.numbers[this.#tables.seenTag]);
    this.#openCohort(cohortOf(Math.max(generation, has), owner));
    this.#keepBeforeImage(at);
    this.#move(this.#located, at);
    this.#reowned.append(this.#addCohort, this.#located, at);
  }

  /** Forgets every id of generations up to `generation`, at once and for good. The horizon never goes back. */
  forgetThrough(generation: number): void {
    this.#cohorts.forgetThrough(cohortOf(generation, PEERS));
    this.#askedCohort = Number.NaN;
    this.#unseenRow = -1;
    this.#seenRow = -1;
  }

  /** Makes the cut. What is added, forgotten or given away from now on is not part of the snapshot. */
  beginSnapshot(mode: SnapshotMode): void {
    assert(this.#snapshot === undefined, 'one snapshot at a time');
    const journals = [this.#journal, this.#reowned];
    this.#journal = new DedupeJournal();
    this.#reowned = new DedupeJournal(-1);
    this.#snapshot = { mode, journals, next: 0 };
    if (mode === 'delta') return;
    for (const journal of journals) journal.free();
    // For what is given away before its partition is written.
    this.#snapshot = { mode, journals: [new DedupeJournal()], next: 0 };
    this.#cohorts.freeze();
    this.#askedCohort = Number.NaN;
  }

  /** How many slices the snapshot has, each of up to some hundred KiB. They may become more until the last one is taken. */
  get slices(): number {
    assert(this.#snapshot !== undefined, 'no snapshot is under way');
    const { mode, journals } = this.#snapshot;
    const chunks = journals.reduce((sum, journal) => sum + journal.chunks, 0);
    return mode === 'full' ? PARTITIONS + chunks : chunks;
  }

  /** Slice `n`, each once and in turn, as words for `load`; valid until the next call. May be empty. */
  slice(n: number): Int32Array {
    const snapshot = this.#snapshot;
    assert(snapshot !== undefined && n === snapshot.next, `slice ${n} is not the next of a snapshot`);
    snapshot.next++;
    if (snapshot.mode === 'delta') return chunkOf(snapshot.journals, n);
    if (n >= PARTITIONS) return chunkOf(snapshot.journals, n - PARTITIONS);
    const wordsMax = this.#tables.dumpWordsMax(n);
    if (wordsMax > this.#dump.length) this.#dump = new Int32Array(Math.ceil(wordsMax * 1.2));
    return this.#dump.subarray(0, this.#tables.dump(n, this.#dump));
  }

  /** Ends the snapshot after its last slice: from now on it is the one that the next delta starts from. */
  endSnapshot(): void {
    const snapshot = this.#snapshot;
    assert(snapshot !== undefined && snapshot.next === this.slices, 'a snapshot ends after its last slice');
    if (snapshot.mode === 'full') this.#cohorts.thaw();
    for (const journal of snapshot.journals) journal.free();
    this.#snapshot = undefined;
  }

  /** Takes back the words of a slice, given the same seed. Forgotten cohorts are left out. */
  load(words: Int32Array): void {
    this.#askedCohort = Number.NaN;
    for (let at = 0; at < words.length;) {
      const cohort = words[at];
      const entries = Math.abs(words[at + 1]);
      const mayBeThere = words[at + 1] < 0;
      at += GROUP_HEADER_WORDS;
      assert(at + entries * WORDS <= words.length, 'a dump is made of whole groups');
      if (cohort > this.#cohorts.forgotten) {
        this.#openCohort(cohort);
        if (mayBeThere) this.#loadReowned(words, at, entries);
        else this.#loadGroup(words, at, entries);
      }
      at += entries * WORDS;
    }
  }

  #loadGroup(words: Int32Array, from: number, entries: number): void {
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

  #loadReowned(words: Int32Array, from: number, entries: number): void {
    for (let n = 0, at = from; n < entries; n++, at += WORDS) {
      if (this.#tables.look(words, at) !== UNSEEN) {
        this.#move(words, at);
        continue;
      }
      this.#tables.put(words, at, this.#addTag, false);
      this.#cohorts.count(this.#addTag, 1);
    }
  }

  /** Moves the remembered entry at `at` of `entries` to the open cohort. */
  #move(entries: Int32Array, at: number): void {
    // Opening it may have moved the entry.
    this.#tables.look(entries, at);
    this.#cohorts.move(this.#tables.seenTag, this.#addTag);
    this.#tables.retag(this.#addTag);
  }

  /** The full snapshot under way still has to write the entry as it was at the cut. */
  #keepBeforeImage(at: number): void {
    const snapshot = this.#snapshot;
    if (snapshot?.mode !== 'full' || this.#located[at] >>> PARTITION_SHIFT < snapshot.next) return;
    this.#tables.look(this.#located, at);
    const tag = this.#tables.seenTag;
    if (this.#cohorts.cut[tag] === 0) return;
    snapshot.journals[0].append(this.#cohorts.numbers[tag], this.#located, at);
  }

  #openCohort(cohort: number): void {
    assert((cohort | 0) === cohort, `a cohort is a 32-bit integer, got ${cohort}`);
    const { forgotten } = this.#cohorts;
    // What is forgotten is always a whole generation, of both owners.
    this.#addCohort = cohort > forgotten ? cohort : forgotten + 1 + (cohort & 1);
    let tag = this.#cohorts.open(this.#addCohort);
    for (let swept = 0; tag === undefined; swept++) {
      assert(swept <= PARTITIONS, 'too many generations are remembered');
      this.#sweep();
      tag = this.#cohorts.open(this.#addCohort);
    }
    this.#addTag = tag;
    this.#askedCohort = cohort;
  }

  /** Purges the partition whose turn it is, so that tags become free again. */
  #sweep(): void {
    this.#tables.purge(this.#cohorts.nextSwept);
    this.#cohorts.sweep();
  }
}

/** Chunk `n` of the journals, one after the other. */
function chunkOf(journals: readonly DedupeJournal[], n: number): Int32Array {
  let left = n;
  for (const journal of journals) {
    if (left < journal.chunks) return journal.chunk(left);
    left -= journal.chunks;
  }
  throw new Error('There are no more chunks.');
}
