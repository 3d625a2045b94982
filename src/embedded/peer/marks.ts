import { assert } from '../../base/assert.ts';

/**
 * Which events of an entry the peer must hear of: those counted, of orders those accepted, of a page of the peer those
 * to be withdrawn there. 1 for all of them, 0 for none, else a bit each as base64, lowest first.
 */
export type EntryMarks = string | 0 | 1;

/** The marks of a block, entry by entry. */
export interface BlockMarks {
  readonly block: number;
  readonly entries: readonly EntryMarks[];
}

/** Gathers the marks of one entry, event by event. */
export class MarkBits {
  #bytes = new Uint8Array(64);
  #count = 0;
  #marked = 0;

  clear(): void {
    this.#bytes.fill(0, 0, (this.#count >> 3) + 1);
    this.#count = 0;
    this.#marked = 0;
  }

  add(isMarked: boolean): void {
    const at = this.#count >> 3;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(at * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    if (isMarked) {
      this.#bytes[at] |= 1 << (this.#count & 7);
      this.#marked++;
    }
    this.#count++;
  }

  take(): EntryMarks {
    if (this.#marked === 0) return 0;
    if (this.#marked === this.#count) return 1;
    return Buffer.from(this.#bytes.subarray(0, (this.#count + 7) >> 3)).toString('base64');
  }
}

/** Whether event `index` of an entry is marked. */
export function markReader(marks: EntryMarks): (index: number) => boolean {
  if (typeof marks === 'number') return () => marks === 1;
  const bits = Buffer.from(marks, 'base64');
  return (index) => ((bits[index >> 3] >> (index & 7)) & 1) === 1;
}

/**
 * The marks that follow from the blocks applied but do not stand in the log yet. They are written into it with one of the next
 * blocks, so that whoever reads it later knows what was counted, and leave here when that one is applied.
 */
export class PendingMarks {
  readonly #blocks = new Map<number, EntryMarks[]>();

  /** Enters the marks of the next entry of a block. */
  note(block: number, marks: EntryMarks): void {
    const entries = this.#blocks.get(block);
    if (entries === undefined) this.#blocks.set(block, [marks]);
    else entries.push(marks);
  }

  /** All entries of a block have been applied; one with nothing to tell is forgotten. */
  endBlock(block: number): void {
    if (this.#blocks.get(block)?.every((marks) => marks === 0) === true) this.#blocks.delete(block);
  }

  /** Of a block, entry by entry, as far as it has been applied; undefined when nothing is to be told of it. */
  get(block: number): readonly EntryMarks[] | undefined {
    return this.#blocks.get(block);
  }

  /** Those of blocks after `block` up to `through`, oldest first. */
  between(block: number, through: number): BlockMarks[] {
    return [...this.#blocks]
      .filter(([n]) => n > block && n <= through)
      .map(([n, entries]) => ({ block: n, entries: [...entries] }));
  }

  /** An entry of the log that holds marks has been applied. They must be those that follow from the blocks. */
  logged(body: Uint8Array): void {
    for (const { block, entries } of decodeMarks(body)) {
      const own = this.#blocks.get(block);
      assert(
        own !== undefined && JSON.stringify(own) === JSON.stringify(entries),
        `a replay of block ${block} counts the same events as before`,
      );
      this.#blocks.delete(block);
    }
  }

  /** Takes over what was pending when a snapshot was taken, in place of what an earlier part of it says. */
  load(blocks: readonly BlockMarks[]): void {
    this.#blocks.clear();
    for (const { block, entries } of blocks) this.#blocks.set(block, [...entries]);
  }
}

export function encodeMarks(blocks: readonly BlockMarks[]): Uint8Array {
  return Buffer.from(JSON.stringify(blocks));
}

export function decodeMarks(body: Uint8Array): readonly BlockMarks[] {
  return JSON.parse(Buffer.from(body).toString()) as readonly BlockMarks[];
}
