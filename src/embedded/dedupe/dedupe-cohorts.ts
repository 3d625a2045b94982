import { assert } from '../../base/assert.ts';
import { PARTITIONS, TAGS } from './dedupe-entry.ts';

interface Waiting {
  readonly tag: number;
  /** The tag may name something else once so many partitions have been swept. */
  readonly sweptAtLeast: number;
}

/**
 * Which cohort a tag in the tables stands for. A cohort is the entries of one generation and owner, numbered as cohortOf says.
 * It has one tag, or two while a full snapshot tells what came before its cut from what came after. Cohorts may come in any
 * order.
 */
export class DedupeCohorts {
  /** By tag: 1 when its entries are remembered. */
  readonly live = new Uint8Array(TAGS);
  /** By tag: 1 when its entries may go from the tables. */
  readonly droppable = new Uint8Array(TAGS);
  /** By tag: the tag that takes over its entries in the full snapshot under way; 0 when they are not part of it. */
  readonly cut = new Uint16Array(TAGS);
  /** By tag: the number of its cohort. */
  readonly numbers = new Int32Array(TAGS);
  readonly #sizes = new Int32Array(TAGS);
  /** Cohort → tag of the entries added now. */
  readonly #open = new Map<number, number>();
  /** Tag 0 marks an empty slot. */
  readonly #free = Array.from({ length: TAGS - 1 }, (_, index) => TAGS - 1 - index);
  /** Droppable tags, first come first. */
  #waiting: Waiting[] = [];
  #swept = 0;
  #snapshot = false;
  #forgotten = Number.NEGATIVE_INFINITY;
  /** Live entries. */
  size = 0;

  /** The newest forgotten cohort; those before it are forgotten, too. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Whether tables hold entries that may go. */
  get hasDroppable(): boolean {
    return this.#waiting.length > 0;
  }

  get freeTags(): number {
    return this.#free.length;
  }

  /** The tag for entries of a cohort that is not forgotten; undefined when a sweep must free tags first. */
  open(cohort: number): number | undefined {
    const open = this.#open.get(cohort);
    if (open !== undefined) return open;
    const tag = this.#free.pop();
    if (tag === undefined) return undefined;
    this.live[tag] = 1;
    this.numbers[tag] = cohort;
    this.#open.set(cohort, tag);
    return tag;
  }

  count(tag: number, entries: number): void {
    this.#sizes[tag] += entries;
    this.size += entries;
  }

  /** Moves an entry from one tag to another. */
  move(from: number, to: number): void {
    this.#sizes[from]--;
    this.#sizes[to]++;
  }

  /** Forgets cohorts up to `cohort`. The entries a full snapshot still has to write stay in the tables. */
  forgetThrough(cohort: number): void {
    if (cohort <= this.#forgotten) return;
    this.#forgotten = cohort;
    for (const open of this.#open.keys()) if (open <= cohort) this.#open.delete(open);
    for (let tag = 1; tag < TAGS; tag++) {
      if (this.live[tag] === 0 || this.numbers[tag] > cohort) continue;
      this.live[tag] = 0;
      this.size -= this.#sizes[tag];
      this.#sizes[tag] = 0;
      if (this.cut[tag] === 0) this.#drop(tag);
    }
  }

  /** Begins a full snapshot: the entries remembered now are its cut, later ones get other tags. */
  freeze(): void {
    assert(!this.#snapshot, 'one full snapshot at a time');
    this.#snapshot = true;
    this.#open.clear();
    const heirs = new Map<number, number>();
    for (let tag = 1; tag < TAGS; tag++) {
      if (this.live[tag] === 0) continue;
      const heir = heirs.get(this.numbers[tag]) ?? tag;
      heirs.set(this.numbers[tag], heir);
      this.cut[tag] = heir;
    }
  }

  /** Ends a full snapshot: every partition was written, and its entries of the cut given to the heirs of their tags. */
  thaw(): void {
    assert(this.#snapshot, 'no full snapshot is under way');
    this.#snapshot = false;
    for (let tag = 1; tag < TAGS; tag++) {
      const heir = this.cut[tag];
      if (heir === 0) continue;
      this.cut[tag] = 0;
      if (heir !== tag) this.#inherit(heir, tag);
      else if (this.live[tag] === 0) this.#drop(tag);
    }
  }

  /** One more partition, in turn, holds no entry that was droppable before. Returns the next one's turn. */
  sweep(): void {
    this.#swept++;
    while (this.#waiting.length > 0 && this.#waiting[0].sweptAtLeast <= this.#swept) {
      const { tag } = this.#waiting.shift()!;
      this.droppable[tag] = 0;
      this.#free.push(tag);
    }
  }

  /** The partition whose turn it is to be swept. */
  get nextSwept(): number {
    return this.#swept % PARTITIONS;
  }

  #drop(tag: number): void {
    this.droppable[tag] = 1;
    this.#waiting.push({ tag, sweptAtLeast: this.#swept + PARTITIONS });
  }

  #inherit(heir: number, tag: number): void {
    this.#sizes[heir] += this.#sizes[tag];
    this.#sizes[tag] = 0;
    this.live[tag] = 0;
    this.#free.push(tag);
  }
}
