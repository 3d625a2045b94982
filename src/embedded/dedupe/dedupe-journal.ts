import { ENTRY_WORDS, GROUP_HEADER_WORDS } from './dedupe-entry.ts';

/** Room for 4,096 entries of one generation. */
const CHUNK_WORDS = GROUP_HEADER_WORDS + 4096 * ENTRY_WORDS;

/**
 * The entries added, or given to another owner, since the last snapshot's cut, in the dump format: so a delta costs what is new
 * and not what is remembered. It takes 20 bytes an entry until a snapshot takes it over.
 */
export class DedupeJournal {
  /** What an entry adds to the count of its group: −1 where entries may be there already, under another cohort. */
  readonly #step: 1 | -1;
  #chunks: Int32Array<ArrayBuffer>[] = [];
  #words = new Int32Array(0);
  #length = 0;
  /** Where the header of the open group stands. */
  #group = 0;
  #generation = Number.NaN;

  constructor(step: 1 | -1 = 1) {
    this.#step = step;
  }

  /** Appends the entry at `at` of `entries`. */
  append(generation: number, entries: Int32Array, at: number): void {
    if (this.#length + ENTRY_WORDS > this.#words.length || generation !== this.#generation) {
      this.#openGroup(generation);
    }
    const words = this.#words;
    const to = this.#length;
    words[to] = entries[at];
    words[to + 1] = entries[at + 1];
    words[to + 2] = entries[at + 2];
    words[to + 3] = entries[at + 3];
    words[to + 4] = entries[at + 4];
    words[this.#group + 1] += this.#step;
    this.#length = to + ENTRY_WORDS;
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_WORDS * 4;
  }

  get chunks(): number {
    return this.#chunks.length;
  }

  /** A chunk as dump words. */
  chunk(index: number): Int32Array {
    const chunk = this.#chunks[index];
    return chunk === this.#words ? chunk.subarray(0, this.#length) : chunk;
  }

  /** Gives the memory back at once, without waiting for the garbage collector. */
  free(): void {
    for (const chunk of this.#chunks) chunk.buffer.transfer(0);
    this.#chunks = [];
    this.#words = new Int32Array(0);
    this.#length = 0;
    this.#generation = Number.NaN;
  }

  #openGroup(generation: number): void {
    if (this.#length + GROUP_HEADER_WORDS + ENTRY_WORDS > this.#words.length) {
      // Groups of several generations seldom fill a chunk to the last word.
      const full = this.#chunks.pop();
      if (full !== undefined) this.#chunks.push(full.subarray(0, this.#length));
      this.#words = new Int32Array(CHUNK_WORDS);
      this.#chunks.push(this.#words);
      this.#length = 0;
    }
    this.#generation = generation;
    this.#group = this.#length;
    this.#words[this.#length] = generation;
    this.#length += GROUP_HEADER_WORDS;
  }
}
