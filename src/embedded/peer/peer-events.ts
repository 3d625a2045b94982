import { generationOf } from '../../pipeline/aggregation.ts';
import { OTHER_CONTENT, OWN, PEERS, UNSEEN } from '../dedupe/dedupe-index.ts';
import type { LoggedEntry } from '../log/entry.ts';
import type { MarkBits } from './marks.ts';
import type { PeerPage } from './peer-page.ts';
import {
  COST_DOUBLE,
  EventBatch,
  FAULT,
  IN_TEXT,
  IS_CLICK,
  ROW_DOUBLES,
  ROW_WORDS,
  TIME_DOUBLE,
} from '../scan/event-batch.ts';
import type { EventScanner } from '../scan/event-scanner.ts';
import { PEER, WITHDRAWN } from '../touches/touch-row.ts';
import type { Aggregation } from '../state/aggregation.ts';
import { CELL_DOUBLES, CLICKS, COST, IMPRESSIONS, REVISION } from '../state/minute-cells.ts';

const BATCH_ROWS = 512;

/** Events of this region that were found to be the peer's. */
export interface YieldedSums {
  events: number;
  impressions: number;
  clicks: number;
  costMicros: bigint;
  /** Of those whose ad minute was gone, or did not hold them: they could not be taken out any more. */
  missed: number;
}

/**
 * What the peer has counted, taken into this region's state: ids that are the peer's, touches that orders of here may be due
 * to, and events of here that are the peer's as well. Who keeps those: docs/decisions/0007.
 */
export class PeerEvents {
  readonly yielded: YieldedSums = { events: 0, impressions: 0, clicks: 0, costMicros: 0n, missed: 0 };
  readonly #state: Aggregation;
  readonly #isFirst: () => boolean;
  readonly #batch = new EventBatch(BATCH_ROWS);
  readonly #rows = new Int32Array(BATCH_ROWS);

  constructor(state: Aggregation, isFirst: () => boolean) {
    this.#state = state;
    this.#isFirst = isFirst;
  }

  /** Takes in the events of a page, a batch at a time. Marks those that the peer is to withdraw. */
  *applyPage(
    page: PeerPage,
    entry: LoggedEntry,
    scanner: EventScanner,
    marks: MarkBits,
  ): Generator<void, void> {
    yield* this.#inBatches(page.events, scanner, (source) => this.#takeIn(source, entry, marks));
    // What takes the place of a withdrawn event came before it, or comes with it.
    yield* this.#inBatches(page.withdrawn, scanner, (source) => this.#withdraw(source, entry));
  }

  *#inBatches(
    body: Uint8Array,
    scanner: EventScanner,
    take: (source: DataView) => void,
  ): Generator<void, void> {
    const source = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const batch = this.#batch;
    for (let at = 0; at < body.length;) {
      batch.clear();
      at = Math.max(scanner.scan(body, 'json', at, batch), 1);
      take(source);
      this.#state.settleTouched();
      yield;
    }
  }

  /** Looks the valid rows of the batch up; returns how many there are. */
  #locate(): number {
    const { words, count } = this.#batch;
    let valid = 0;
    for (let row = 0; row < count; row++) if (words[row * ROW_WORDS + FAULT] === 0) this.#rows[valid++] = row;
    this.#state.ids.locate(words, this.#rows, valid);
    return valid;
  }

  #takeIn(source: DataView, entry: LoggedEntry, marks: MarkBits): void {
    const { ids } = this.#state;
    const generation = generationOf(entry.arrival);
    const valid = this.#locate();
    let next = 0;
    for (let n = 0; n < valid; n++) {
      const row = this.#rows[n];
      for (; next < row; next++) marks.add(false);
      next++;
      const seen = ids.seen(n);
      if (seen === UNSEEN) {
        ids.add(n, generation, PEERS);
        this.#addTouch(source, row, PEER);
      } else if (ids.seenOwner === OWN) {
        const isOther = seen === OTHER_CONTENT;
        // What the peer counted under an id of the first region: its own content it finds by itself.
        marks.add(this.#isFirst() && isOther);
        if (this.#isFirst()) continue;
        this.#addTouch(source, row, PEER);
        if (isOther) continue;
        this.#uncount(source, row);
        ids.reown(n, generation, PEERS);
        continue;
      }
      marks.add(false);
    }
    for (; next < this.#batch.count; next++) marks.add(false);
  }

  /** Takes out events of here that are the peer's with other content; what is withdrawn already stays so. */
  #withdraw(source: DataView, entry: LoggedEntry): void {
    const { ids } = this.#state;
    const valid = this.#locate();
    for (let n = 0; n < valid; n++) {
      const seen = ids.seen(n);
      if (seen === UNSEEN || seen === OTHER_CONTENT || ids.seenOwner === PEERS) continue;
      this.#uncount(source, this.#rows[n]);
      ids.reown(n, generationOf(entry.arrival), PEERS);
      this.#addTouch(source, this.#rows[n], WITHDRAWN);
    }
  }

  #addTouch(source: DataView, row: number, flags: number): void {
    const { words, textView } = this.#batch;
    const text = words[row * ROW_WORDS + IN_TEXT] === 0 ? source : textView;
    const dimension = this.#state.dimensions.intern(words, row * ROW_WORDS, text, -1);
    this.#state.addTouch(this.#batch, row, text, dimension, flags);
  }

  /** Takes an event of here out of its cell. */
  #uncount(source: DataView, row: number): void {
    const { cells, dimensions } = this.#state;
    const { words, doubles, textView } = this.#batch;
    const at = row * ROW_WORDS;
    const isClick = words[at + IS_CLICK];
    const costMicros = doubles[row * ROW_DOUBLES + COST_DOUBLE];
    const text = words[at + IN_TEXT] === 0 ? source : textView;
    const minute = cells.minuteOf(doubles[row * ROW_DOUBLES + TIME_DOUBLE]);
    const dimension = dimensions.intern(words, at, text, -1);
    const cellRow = minute?.find(dimensions.keyOf(dimension)) ?? -1;
    const cell = cellRow * CELL_DOUBLES;
    const values = minute?.doubles;
    const isThere =
      minute !== undefined &&
      values !== undefined &&
      cellRow >= 0 &&
      values[cell + COST] >= costMicros &&
      values[cell + (isClick === 1 ? CLICKS : IMPRESSIONS)] > 0;
    if (!isThere) {
      this.yielded.missed++;
      return;
    }
    minute.touch(cellRow);
    values[cell + (isClick === 1 ? CLICKS : IMPRESSIONS)] -= 1;
    values[cell + COST] -= costMicros;
    values[cell + REVISION] += 1;
    this.#state.changed(minute, cellRow);
    this.yielded.events++;
    this.yielded.clicks += isClick;
    this.yielded.impressions += 1 - isClick;
    this.yielded.costMicros += BigInt(costMicros);
  }
}
