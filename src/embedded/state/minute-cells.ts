import { MINUTE_MS } from '../../base/units.ts';

/**
 * The cells of one minute of event time: a row of 6 doubles (48 bytes) per ad and currency, in order of appearance, found by
 * key through open addressing. A minute is the unit in which cells are retired, and copied while a snapshot is written.
 */
export const CELL_DOUBLES = 6;
export const IMPRESSIONS = 0;
export const CLICKS = 1;
export const COST = 2;
/** How many changes the cell has had: the record's revision. */
export const REVISION = 3;
/** The change feed's number of the cell's last change. */
export const CHANGE = 4;
/** Two words in the last double: the key, and the dimension whose campaign and advertiser the record shows. */
const KEY_WORD = 10;
const DIMENSION_WORD = 11;
const CELL_WORDS = CELL_DOUBLES * 2;

const INITIAL_CELLS = 4;

export class MinuteCells {
  /** Start of the minute, Unix ms. */
  readonly minute: number;
  /** The minute's number, as a 32-bit integer. */
  readonly number: number;
  count = 0;
  /** Changed since the last snapshot's cut. */
  isDirty = true;
  /** While a snapshot has yet to write the minute: 'live' may be read, but must be copied before the next change. */
  frozen: 'no' | 'live' | Float64Array = 'no';
  #doubles: Float64Array;
  #words: Int32Array;
  #table: Int32Array;

  constructor(minute: number, cells = INITIAL_CELLS) {
    this.minute = minute;
    this.number = (minute / MINUTE_MS) | 0;
    this.#doubles = new Float64Array(cells * CELL_DOUBLES);
    this.#words = new Int32Array(this.#doubles.buffer);
    this.#table = new Int32Array(cells * 2);
  }

  get bytes(): number {
    return this.#doubles.byteLength + this.#table.byteLength;
  }

  /** The values of all cells: CELL_DOUBLES each. Only valid until the next change. */
  get doubles(): Float64Array {
    return this.#doubles;
  }

  /** The row of the cell with `key`, or -1. */
  find(key: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = spread(key) & mask; ; slot = (slot + 1) & mask) {
      const row = table[slot] - 1;
      if (row < 0 || this.#words[row * CELL_WORDS + KEY_WORD] === key) return row;
    }
  }

  /** Whether there is a row `row`, and its key is `key`. */
  hasKey(row: number, key: number): boolean {
    return row < this.count && this.#words[row * CELL_WORDS + KEY_WORD] === key;
  }

  /** The row that find() will look at first, 0 when there is none: reading it ahead brings it into the cache. */
  likelyRow(key: number): number {
    return Math.max(0, this.#table[spread(key) & (this.#table.length - 1)] - 1);
  }

  /** Appends an empty cell; `key` must be new. Returns its row. */
  add(key: number, dimension: number): number {
    if ((this.count + 1) * CELL_DOUBLES > this.#doubles.length) this.#grow();
    const row = this.count++;
    this.#words[row * CELL_WORDS + KEY_WORD] = key;
    this.#words[row * CELL_WORDS + DIMENSION_WORD] = dimension;
    this.#insert(key, row);
    return row;
  }

  dimensionOf(row: number): number {
    return this.#words[row * CELL_WORDS + DIMENSION_WORD];
  }

  setDimension(row: number, dimension: number): void {
    this.#words[row * CELL_WORDS + DIMENSION_WORD] = dimension;
  }

  /** To be called before any change: marks the minute and keeps what a snapshot still has to write. */
  touch(): void {
    if (this.frozen === 'live') this.frozen = this.#doubles.slice(0, this.count * CELL_DOUBLES);
    this.isDirty = true;
  }

  /** Begins a snapshot: what the minute holds now is what takeFrozen() will give. */
  freeze(): void {
    this.frozen = 'live';
    this.isDirty = false;
  }

  /** The cells as they were at freeze(); ends the freeze. */
  takeFrozen(): Float64Array {
    const image =
      this.frozen instanceof Float64Array ? this.frozen : this.#doubles.slice(0, this.count * CELL_DOUBLES);
    this.frozen = 'no';
    return image;
  }

  /** A minute as takeFrozen() gave it. */
  static restore(minute: number, image: Float64Array): MinuteCells {
    const count = image.length / CELL_DOUBLES;
    let room = INITIAL_CELLS;
    while (room < count) room *= 2;
    const cells = new MinuteCells(minute, room);
    cells.#doubles.set(image);
    cells.count = count;
    for (let row = 0; row < count; row++) cells.#insert(cells.#words[row * CELL_WORDS + KEY_WORD], row);
    cells.isDirty = false;
    return cells;
  }

  #insert(key: number, row: number): void {
    const mask = this.#table.length - 1;
    let slot = spread(key) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = row + 1;
  }

  #grow(): void {
    const doubles = new Float64Array(this.#doubles.length * 2);
    doubles.set(this.#doubles);
    this.#doubles = doubles;
    this.#words = new Int32Array(doubles.buffer);
    this.#table = new Int32Array(this.#table.length * 2);
    for (let row = 0; row < this.count; row++) this.#insert(this.#words[row * CELL_WORDS + KEY_WORD], row);
  }
}

function spread(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
