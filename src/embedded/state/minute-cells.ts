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
/** Rows that a snapshot copies and writes at a time, so that a minute with many ads holds nobody up. */
const PIECE_ROWS = 4096;
/** Of the doubles of a piece: the minute, and the row it begins with. */
const PIECE_HEADER = 2;

export class MinuteCells {
  /** Start of the minute, Unix ms. */
  readonly minute: number;
  /** The minute's number, as a 32-bit integer. */
  readonly number: number;
  count = 0;
  /** Changed since the last snapshot's cut. */
  isDirty = true;
  /** What a snapshot has yet to write of the minute: by piece a copy, or undefined while the rows are as they were. */
  #frozen: (Float64Array<ArrayBuffer> | undefined)[] = [];
  /** The first piece that it has yet to write, and how many rows there were at freeze(). */
  #nextPiece = 0;
  #frozenRows = 0;
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

  /** To be called before a row changes: marks the minute and keeps what a snapshot still has to write. */
  touch(row: number): void {
    this.isDirty = true;
    if (row >= this.#frozenRows) return;
    const piece = Math.floor(row / PIECE_ROWS);
    if (piece >= this.#nextPiece) this.#frozen[piece] ??= this.#copyPiece(piece);
  }

  /** Begins a snapshot: what the minute holds now is what takeFrozen() will give. */
  freeze(): void {
    this.#frozenRows = this.count;
    this.#nextPiece = 0;
    this.isDirty = false;
  }

  /** Whether a snapshot has yet to write some of it. */
  get isFrozen(): boolean {
    return this.#frozenRows > 0;
  }

  /** The rows as they were at freeze(), in pieces for load(); the last one ends the freeze. */
  *takeFrozen(): Generator<Float64Array<ArrayBuffer>, void> {
    const pieces = Math.ceil(this.#frozenRows / PIECE_ROWS);
    while (this.#nextPiece < pieces) {
      const piece = this.#nextPiece;
      const image = this.#frozen[piece] ?? this.#copyPiece(piece);
      this.#frozen[piece] = undefined;
      this.#nextPiece = piece + 1;
      yield image;
    }
    this.#frozen = [];
    this.#frozenRows = 0;
  }

  /** The minute of a piece. */
  static minuteOf(piece: Float64Array): number {
    return piece[0];
  }

  /** Puts back the rows of a piece, over what was there. Pieces of one snapshot come in order. */
  load(piece: Float64Array): void {
    const first = piece[1];
    const rows = (piece.length - PIECE_HEADER) / CELL_DOUBLES;
    while ((first + rows) * CELL_DOUBLES > this.#doubles.length) this.#grow();
    this.#doubles.set(piece.subarray(PIECE_HEADER), first * CELL_DOUBLES);
    // A row has the same key for ever: only those that are new have to be found from now on.
    for (; this.count < first + rows; this.count++) {
      this.#insert(this.#words[this.count * CELL_WORDS + KEY_WORD], this.count);
    }
    this.isDirty = false;
  }

  #copyPiece(piece: number): Float64Array<ArrayBuffer> {
    const first = piece * PIECE_ROWS;
    const rows = Math.min(PIECE_ROWS, this.#frozenRows - first);
    const image = new Float64Array(PIECE_HEADER + rows * CELL_DOUBLES);
    image[0] = this.minute;
    image[1] = first;
    image.set(this.#doubles.subarray(first * CELL_DOUBLES, (first + rows) * CELL_DOUBLES), PIECE_HEADER);
    return image;
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
