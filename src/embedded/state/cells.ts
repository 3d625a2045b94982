import { ExactSum } from '../../base/exact-sum.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { AdMinute, AdMinuteFigures } from '../../model/ad-minute.ts';
import { minuteOf } from '../../model/event-time.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';
import type { AdMinuteFilter, CellSums } from '../ports.ts';
import { ROW_DOUBLES, TIME_DOUBLE } from '../scan/event-batch.ts';
import type { DimensionTable, Selection } from './dimension-table.ts';
import { CELL_DOUBLES, CHANGE, CLICKS, COST, IMPRESSIONS, MinuteCells, REVISION } from './minute-cells.ts';
import { RetiredChanges, type RetiredMinute } from './retired-changes.ts';

/** All ad minutes held, by minute of event time. */
export class Cells {
  readonly #region: string;
  readonly #dimensions: DimensionTable;
  readonly #minutes = new Map<number, MinuteCells>();
  #count = 0;
  #last: MinuteCells | undefined;
  /** What warm() has read: keeps the reading from being optimized away. */
  warmed = 0;
  /** Minutes before this one are gone for good, Unix ms. */
  retiredBefore = 0;
  /** Sums of the cells that are gone. */
  retired: CellSums = { records: 0, impressions: 0, clicks: 0, costMicros: 0n };
  readonly retiredChanges = new RetiredChanges();

  constructor(region: string, dimensions: DimensionTable) {
    this.#region = region;
    this.#dimensions = dimensions;
  }

  get count(): number {
    return this.#count;
  }

  /** Minutes held, in no particular order. */
  minutes(): IterableIterator<MinuteCells> {
    return this.#minutes.values();
  }

  /** The cells of the minute that holds `time`; made when there are none. */
  minuteAt(time: number): MinuteCells {
    const last = this.#last;
    if (last !== undefined && time >= last.minute && time < last.minute + MINUTE_MS) return last;
    const minute = minuteOf(time);
    let cells = this.#minutes.get(minute);
    if (cells === undefined) {
      cells = new MinuteCells(minute);
      this.#minutes.set(minute, cells);
    }
    this.#last = cells;
    return cells;
  }

  /** As minuteAt, but makes none; `guess` is looked at first. */
  #existingAt(time: number, guess: MinuteCells | undefined): MinuteCells | undefined {
    if (guess !== undefined && time >= guess.minute && time < guess.minute + MINUTE_MS) return guess;
    return this.#minutes.get(minuteOf(time));
  }

  /** The cells of the minute that holds `time`, if there are any. */
  minuteOf(time: number): MinuteCells | undefined {
    return this.#minutes.get(minuteOf(time));
  }

  existingMinute(minute: number): MinuteCells | undefined {
    return this.#minutes.get(minute);
  }

  /**
   * Brings into the cache what counting will read: the cells of the rows `rows[0 … count)`, by their times and `likely`
   * dimensions as DimensionTable.warm gives them.
   */
  warm(doubles: Float64Array, rows: Int32Array, count: number, likely: Int32Array): void {
    let cells = this.#last;
    let touched = 0;
    for (let n = 0; n < count; n++) {
      cells = this.#existingAt(doubles[rows[n] * ROW_DOUBLES + TIME_DOUBLE], cells);
      if (cells === undefined || likely[n] < 0) continue;
      const row = this.#dimensions.lastRow(likely[n], cells.number);
      touched +=
        cells.doubles[(row >= 0 ? row : cells.likelyRow(this.#dimensions.keyOf(likely[n]))) * CELL_DOUBLES];
    }
    this.warmed = touched;
  }

  /** The row for a dimension's ad and currency in `cells`; made when there is none. */
  rowFor(cells: MinuteCells, dimension: number): number {
    const key = this.#dimensions.keyOf(dimension);
    const last = this.#dimensions.lastRow(dimension, cells.number);
    if (last >= 0 && cells.hasKey(last, key)) return last;
    let row = cells.find(key);
    if (row === -1) {
      this.#count++;
      row = cells.add(key, dimension);
    }
    this.#dimensions.noteRow(dimension, cells.number, row);
    return row;
  }

  /** Lets the record of `row` show the greatest campaign and advertiser it has had: no order of arrival matters. */
  show(cells: MinuteCells, row: number, dimension: number): void {
    const shown = cells.dimensionOf(row);
    if (shown !== dimension && this.#dimensions.isGreater(dimension, shown))
      cells.setDimension(row, dimension);
  }

  /** Puts back a piece of a minute from a snapshot, over what was there; one that is retired stays so. */
  load(piece: Float64Array): void {
    const minute = MinuteCells.minuteOf(piece);
    if (minute < this.retiredBefore) return;
    const cells = this.minuteAt(minute);
    const before = cells.count;
    cells.load(piece);
    this.#count += cells.count - before;
  }

  /** Drops the minutes before `before`, keeping their sums. */
  retire(before: number): void {
    if (before <= this.retiredBefore) return;
    this.retiredBefore = before;
    for (const cells of this.#dropBefore(before)) {
      this.retired = addSums(this.retired, sumsOf(cells));
      let last = 0;
      for (let row = 0; row < cells.count; row++) {
        last = Math.max(last, cells.doubles[row * CELL_DOUBLES + CHANGE]);
      }
      this.retiredChanges.note(cells.minute, last);
    }
  }

  /** Takes over from a snapshot what was retired, and drops minutes that an earlier part of it still held. */
  loadRetired(before: number, sums: CellSums, changes: readonly RetiredMinute[]): void {
    this.retiredBefore = before;
    this.retired = sums;
    this.retiredChanges.load(changes);
    this.#dropBefore(before);
  }

  /** Lets go of the minutes before `before`; returns them, oldest first. */
  #dropBefore(before: number): MinuteCells[] {
    const dropped = [...this.#minutes.values()]
      .filter(({ minute }) => minute < before)
      .toSorted((a, b) => a.minute - b.minute);
    for (const { minute, count } of dropped) {
      this.#minutes.delete(minute);
      this.#count -= count;
    }
    this.#last = undefined;
    return dropped;
  }

  record(cells: MinuteCells, row: number): AdMinute {
    const at = row * CELL_DOUBLES;
    const values = cells.doubles;
    const { adId, campaignId, advertiserId, currency } = this.#dimensions.describe(cells.dimensionOf(row));
    // Written out: a page of the change feed holds thousands, and a spread costs as much as the rest.
    return {
      recordId: adMinuteRecordId(this.#region, adId, cells.minute, currency),
      revision: values[at + REVISION],
      region: this.#region,
      adId,
      campaignId,
      advertiserId,
      minute: cells.minute,
      currency,
      impressions: values[at + IMPRESSIONS],
      clicks: values[at + CLICKS],
      costMicros: values[at + COST],
    };
  }

  /** Records in the filter, by minute. */
  *query(filter: AdMinuteFilter): IterableIterator<AdMinuteFigures> {
    const minutes = [...this.#minutes.keys()].filter((minute) => minute >= filter.from && minute < filter.to);
    const selection = this.#dimensions.select(filter);
    for (const minute of minutes.toSorted((a, b) => a - b)) {
      // Looked up now: a reader that pauses may find it retired.
      const cells = this.#minutes.get(minute);
      if (cells === undefined) continue;
      for (const row of rowsOf(cells, selection)) yield this.#figures(cells, row);
    }
  }

  /** Sums over every cell held, read anew. */
  sums(): CellSums {
    return [...this.#minutes.values()].map(sumsOf).reduce(addSums, NO_SUMS);
  }

  #figures(cells: MinuteCells, row: number): AdMinuteFigures {
    const at = row * CELL_DOUBLES;
    const { adId, campaignId, advertiserId, currency } = this.#dimensions.describe(cells.dimensionOf(row));
    return {
      revision: cells.doubles[at + REVISION],
      region: this.#region,
      adId,
      campaignId,
      advertiserId,
      minute: cells.minute,
      currency,
      impressions: cells.doubles[at + IMPRESSIONS],
      clicks: cells.doubles[at + CLICKS],
      costMicros: cells.doubles[at + COST],
    };
  }
}

/** The rows of `cells` that show one of the selected dimensions: looked up, or all compared, whichever is less. */
function* rowsOf(cells: MinuteCells, selection: Selection | undefined): Generator<number> {
  if (selection !== undefined && selection.keys.length < cells.count) {
    for (const key of selection.keys) {
      const row = cells.find(key);
      if (row !== -1 && selection.has(cells.dimensionOf(row))) yield row;
    }
    return;
  }
  for (let row = 0; row < cells.count; row++) {
    if (selection === undefined || selection.has(cells.dimensionOf(row))) yield row;
  }
}

const NO_SUMS: CellSums = { records: 0, impressions: 0, clicks: 0, costMicros: 0n };

function addSums(a: CellSums, b: CellSums): CellSums {
  return {
    records: a.records + b.records,
    impressions: a.impressions + b.impressions,
    clicks: a.clicks + b.clicks,
    costMicros: a.costMicros + b.costMicros,
  };
}

function sumsOf(cells: MinuteCells): CellSums {
  let impressions = 0;
  let clicks = 0;
  const cost = new ExactSum();
  for (let row = 0; row < cells.count; row++) {
    const at = row * CELL_DOUBLES;
    impressions += cells.doubles[at + IMPRESSIONS];
    clicks += cells.doubles[at + CLICKS];
    cost.add(cells.doubles[at + COST]);
  }
  return { records: cells.count, impressions, clicks, costMicros: cost.value };
}
