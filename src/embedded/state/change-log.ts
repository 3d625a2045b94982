import type { Cells } from './cells.ts';
import { CELL_DOUBLES, CHANGE } from './minute-cells.ts';

/**
 * Which cell changed when, oldest change first, so that a reader can go on from any change number. Only a cell's last change
 * matters: the entry of an earlier one is stale, and is dropped when its chunk is compacted. While more than two
 * thirds of the entries are stale, a few chunks are compacted in turn with every new one, so no change waits for a big clean-up. Compacting makes no
 * garbage: chunks are emptied into each other and used again.
 */
const CHUNK_ENTRIES = 4096;
const COMPACTIONS_PER_CHUNK = 4;

class Chunk {
  length = 0;
  readonly changes = new Float64Array(CHUNK_ENTRIES);
  readonly minutes = new Float64Array(CHUNK_ENTRIES);
  readonly rows = new Int32Array(CHUNK_ENTRIES);

  append(change: number, minute: number, row: number): void {
    const at = this.length++;
    this.changes[at] = change;
    this.minutes[at] = minute;
    this.rows[at] = row;
  }
}

export interface Change {
  readonly change: number;
  readonly minute: number;
  readonly row: number;
}

export class ChangeLog {
  readonly #cells: Cells;
  #chunks: Chunk[] = [];
  #spare: Chunk | undefined;
  #entries = 0;
  /** The chunk whose turn it is to be compacted. */
  #turn = 0;

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /** Entries held, stale ones included. */
  get entries(): number {
    return this.#entries;
  }

  /** Enters the change of a cell; change numbers must grow. */
  append(change: number, minute: number, row: number): void {
    this.#lastChunk().append(change, minute, row);
    this.#entries++;
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

  /** A chunk with room, the last one. */
  #lastChunk(): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.length < CHUNK_ENTRIES) return last;
    for (let n = 0; n < COMPACTIONS_PER_CHUNK && this.#isMostlyStale(); n++) this.#compactNext();
    const chunk = this.#spare ?? new Chunk();
    this.#spare = undefined;
    this.#chunks.push(chunk);
    return chunk;
  }

  #isMostlyStale(): boolean {
    return this.#entries > 3 * this.#cells.count + CHUNK_ENTRIES;
  }

  /** Drops the stale entries of the chunk whose turn it is; what is left moves to the chunk before if it has the room. */
  #compactNext(): void {
    if (this.#turn >= this.#chunks.length) this.#turn = 0;
    const chunk = this.#chunks[this.#turn];
    const before = this.#chunks[this.#turn - 1];
    const { length } = chunk;
    chunk.length = 0;
    for (let at = 0; at < length; at++) if (this.#isLast(chunk, at)) copy(chunk, at, chunk);
    this.#entries -= length - chunk.length;
    if (chunk.length > 0 && (before === undefined || before.length + chunk.length > CHUNK_ENTRIES)) {
      this.#turn++;
      return;
    }
    for (let at = 0; at < chunk.length; at++) copy(chunk, at, before);
    chunk.length = 0;
    this.#chunks.splice(this.#turn, 1);
    this.#spare = chunk;
  }
}

function copy(from: Chunk, at: number, to: Chunk): void {
  to.append(from.changes[at], from.minutes[at], from.rows[at]);
}
