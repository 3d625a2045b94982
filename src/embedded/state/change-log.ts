import type { Cells } from './cells.ts';
import { CELL_DOUBLES, CHANGE } from './minute-cells.ts';

/**
 * Which cell changed when, oldest change first, so that a reader can go on from any change number. Only a cell's last change
 * matters: the entry of an earlier one is stale, and is dropped when its chunk is compacted. With every new chunk a few old ones
 * are compacted in turn, so stale entries stay a fraction of the whole and no change waits for a big clean-up.
 */
const CHUNK_ENTRIES = 4096;
const COMPACTIONS_PER_CHUNK = 4;

interface Chunk {
  length: number;
  changes: Float64Array;
  minutes: Float64Array;
  rows: Int32Array;
}

export interface Change {
  readonly change: number;
  readonly minute: number;
  readonly row: number;
}

export class ChangeLog {
  readonly #cells: Cells;
  #chunks: Chunk[] = [];
  #compacted = 0;

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /** Entries held, stale ones included. */
  get entries(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Enters the change of a cell; change numbers must grow. */
  append(change: number, minute: number, row: number): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.length === chunk.changes.length) {
      this.#compactSome();
      chunk = emptyChunk(CHUNK_ENTRIES);
      this.#chunks.push(chunk);
    }
    const at = chunk.length++;
    chunk.changes[at] = change;
    chunk.minutes[at] = minute;
    chunk.rows[at] = row;
  }

  /** The last changes of cells after change number `after`, oldest first. */
  *after(after: number): IterableIterator<Change> {
    for (let index = this.#firstChunkAfter(after); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      for (let at = 0; at < chunk.length; at++) {
        const change = chunk.changes[at];
        if (change > after && this.#isLast(chunk, at)) {
          yield { change, minute: chunk.minutes[at], row: chunk.rows[at] };
        }
      }
    }
  }

  /** Fills an empty log from the cells after a restart. */
  rebuild(): void {
    const count = [...this.#cells.minutes()].reduce((sum, cells) => sum + cells.count, 0);
    const changes = new Float64Array(count);
    const minutes = new Float64Array(count);
    const rows = new Int32Array(count);
    let at = 0;
    for (const cells of this.#cells.minutes()) {
      for (let row = 0; row < cells.count; row++) {
        changes[at] = cells.doubles[row * CELL_DOUBLES + CHANGE];
        minutes[at] = cells.minute;
        rows[at++] = row;
      }
    }
    const order = Uint32Array.from(changes.keys()).toSorted((a, b) => changes[a] - changes[b]);
    for (const n of order) this.append(changes[n], minutes[n], rows[n]);
  }

  #isLast(chunk: Chunk, at: number): boolean {
    const cells = this.#cells.existingMinute(chunk.minutes[at]);
    return cells !== undefined && cells.doubles[chunk.rows[at] * CELL_DOUBLES + CHANGE] === chunk.changes[at];
  }

  #firstChunkAfter(after: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle];
      if (chunk.length === 0 || chunk.changes[chunk.length - 1] > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #compactSome(): void {
    for (let n = 0; n < COMPACTIONS_PER_CHUNK; n++) {
      if (this.#compacted >= this.#chunks.length) {
        this.#compacted = 0;
        return;
      }
      const before = this.#chunks[this.#compacted - 1];
      const compact = this.#compact(this.#chunks[this.#compacted], before);
      if (compact === undefined) this.#chunks.splice(this.#compacted, 1);
      else this.#chunks[this.#compacted++] = compact;
    }
  }

  /** `chunk` without its stale entries; undefined when nothing is left of it or all fitted into the chunk before it. */
  #compact(chunk: Chunk, before: Chunk | undefined): Chunk | undefined {
    const live: number[] = [];
    for (let at = 0; at < chunk.length; at++) if (this.#isLast(chunk, at)) live.push(at);
    const target =
      before !== undefined && before.length + live.length <= before.changes.length
        ? before
        : emptyChunk(Math.max(live.length, CHUNK_ENTRIES / 2));
    if (target !== before && live.length === chunk.length) return chunk;
    for (const at of live) {
      target.changes[target.length] = chunk.changes[at]!;
      target.minutes[target.length] = chunk.minutes[at]!;
      target.rows[target.length++] = chunk.rows[at]!;
    }
    return target === before || live.length === 0 ? undefined : target;
  }
}

function emptyChunk(entries: number): Chunk {
  return {
    length: 0,
    changes: new Float64Array(entries),
    minutes: new Float64Array(entries),
    rows: new Int32Array(entries),
  };
}
