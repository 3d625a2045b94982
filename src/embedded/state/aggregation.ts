import { assert } from '../../base/assert.ts';
import { INVALID_CODES, VERDICT_INDEX } from '../../model/verdict.ts';
import {
  advanceHorizon,
  FIRST_HORIZON,
  generationOf,
  judgeAge,
  settledTime,
} from '../../pipeline/aggregation.ts';
import { touchRetentionMs } from '../../pipeline/order-rules.ts';
import type { PipelineRules } from '../../pipeline/pipeline-rules.ts';
import type { OrderAnswer } from '../ports.ts';
import { ENTRY_KIND, type LoggedEntry } from '../log/entry.ts';
import {
  COST_DOUBLE,
  END,
  EventBatch,
  FAULT,
  FAULT_FIELD,
  IN_TEXT,
  IS_CLICK,
  ROW_DOUBLES,
  ROW_WORDS,
  START,
  TIME_DOUBLE,
  USER_END,
  USER_HASH,
  USER_START,
} from '../scan/event-batch.ts';
import { EventScanner } from '../scan/event-scanner.ts';
import { Attribution } from './attribution.ts';
import { ArrivalCounters, RECEIVED } from './arrival-counters.ts';
import { Cells } from './cells.ts';
import { ChangeLog } from './change-log.ts';
import { CountedSums } from './counted-sums.ts';
import { DedupeIndex, OWN, PEERS, SAME_CONTENT, type Seen } from '../dedupe/dedupe-index.ts';
import { DimensionTable } from './dimension-table.ts';
import { decodeBackfill, wasCounted } from '../backfill.ts';
import type { EntryReceipt } from './entry-receipt.ts';
import { describeProblem, describeSeen } from './event-problem.ts';
import {
  CELL_DOUBLES,
  CHANGE,
  CLICKS,
  COST,
  IMPRESSIONS,
  type MinuteCells,
  REVISION,
} from './minute-cells.ts';
import { MarkBits, PendingMarks } from '../peer/marks.ts';
import { decodePeerPage } from '../peer/peer-page.ts';
import { PeerEvents } from '../peer/peer-events.ts';
import { Quarantine } from './quarantine.ts';
import { decodeReplayBody } from './replay-body.ts';
import type { StateScalars } from '../snapshot/state-scalars.ts';
import { Tally } from './tally.ts';
import { TouchStore, type TouchOptions } from '../touches/touch-store.ts';

/**
 * Events judged at a time. A cell that changes several times in a batch gets one change number, so cursors of the change feed
 * hang on this: another value would number the changes of a replayed log otherwise.
 */
const BATCH_ROWS = 512;
const { counted, duplicate, conflict, late, future, invalid } = VERDICT_INDEX;
const SUM_OUT_OF_RANGE = INVALID_CODES.indexOf('sum_out_of_range') + 1;

export interface AggregationOptions {
  readonly expectedIds?: number;
  readonly touches?: TouchOptions | undefined;
  readonly keepsTouches?: boolean | undefined;
}

/**
 * Job 1, Aggregation, as a deterministic state machine: what it holds follows from the log's entries and nothing else. No clock,
 * no randomness, no promise; the seed only decides where things lie in memory.
 */
export class Aggregation {
  readonly ids: DedupeIndex;
  readonly dimensions: DimensionTable;
  readonly cells: Cells;
  readonly changes: ChangeLog;
  readonly counters = new ArrivalCounters();
  readonly quarantine: Quarantine;
  readonly touches: TouchStore;
  readonly attribution: Attribution;
  readonly scalars: StateScalars;
  readonly sums = new CountedSums();
  readonly marks = new PendingMarks();
  readonly peerEvents: PeerEvents;

  readonly #region: string;
  readonly #seed: Uint8Array;
  readonly #keepsTouches: boolean;
  #scanner: EventScanner;
  readonly #batch = new EventBatch(BATCH_ROWS);
  readonly #verdicts = new Uint8Array(BATCH_ROWS);
  readonly #onTime = new Int32Array(BATCH_ROWS);
  readonly #markBits = new MarkBits();
  /** While old events are filled in. */
  #backfill: { readonly maxAgeMs: number; readonly body: Uint8Array } | undefined;
  /** Users with open orders and new touches, in the order of these. */
  readonly #touched = new Set<string>();
  /** Dimensions that the rows on time are likely to have. */
  readonly #likely = new Int32Array(BATCH_ROWS);

  /** `expectedIds`: how many ids room is made for at once. `keepsTouches: false` is for measuring what they cost. */
  constructor(region: string, seed: Uint8Array, rules: PipelineRules, options: AggregationOptions = {}) {
    this.#seed = seed;
    this.ids = new DedupeIndex(seed, options);
    this.dimensions = new DimensionTable(new DataView(seed.buffer, seed.byteOffset).getInt32(0, true));
    this.cells = new Cells(region, this.dimensions);
    this.changes = new ChangeLog(this.cells);
    this.quarantine = new Quarantine(rules.quarantineEntries);
    const retentionMs = touchRetentionMs(rules.orders);
    this.touches = new TouchStore(region, seed, this.dimensions, { ...options.touches, retentionMs });
    this.attribution = new Attribution(region, this.touches, rules.orders);
    this.#keepsTouches = options.keepsTouches ?? true;
    const peer = { data: '', block: 0, through: 0, ack: 0, blocksMissed: 0 };
    this.scalars = { block: 0, latestArrival: 0, horizon: FIRST_HORIZON, change: 0, rules, settled: 0, peer };
    this.#region = region;
    this.peerEvents = new PeerEvents(this, () => this.isFirst);
    this.#scanner = new EventScanner(rules, seed);
    this.setRules(rules);
  }

  /** Whether what both regions have counted is this one's. */
  get isFirst(): boolean {
    return this.scalars.rules.regions[0] === this.#region;
  }

  get #hasPeer(): boolean {
    return this.scalars.rules.regions.length > 1;
  }

  /** Applies one entry of the log. The receipt describes at most `problemsMax` uncounted events. */
  apply(entry: LoggedEntry, problemsMax: number): EntryReceipt {
    const steps = this.applyInSteps(entry, problemsMax);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  }

  /** The same, a batch at a time: whoever takes the steps may let others have their turn in between. */
  *applyInSteps(entry: LoggedEntry, problemsMax: number): Generator<void, EntryReceipt> {
    this.#passTime(entry.arrival);
    this.#markBits.clear();
    const receipt = yield* this.#applyEntry(entry, problemsMax);
    if (this.#hasPeer) this.marks.note(this.scalars.block + 1, this.#markBits.take());
    return receipt;
  }

  /** All entries of the next block have been applied. */
  endBlock(block: number): void {
    this.scalars.block = block;
    this.marks.endBlock(block);
  }

  *#applyEntry(entry: LoggedEntry, problemsMax: number): Generator<void, EntryReceipt> {
    const tally = new Tally(problemsMax);
    switch (entry.kind) {
      case ENTRY_KIND.rules:
        this.setRules(JSON.parse(Buffer.from(entry.body).toString()) as PipelineRules);
        this.attribution.reopen();
        return { of: 'nothing' };
      case ENTRY_KIND.enrichment:
        this.attribution.applyEnrichment(JSON.parse(Buffer.from(entry.body).toString()) as OrderAnswer);
        return { of: 'nothing' };
      case ENTRY_KIND.ordersJson:
      case ENTRY_KIND.ordersNdjson: {
        const format = entry.kind === ENTRY_KIND.ordersJson ? 'json' : 'ndjson';
        const { body, arrival } = entry;
        const steps = this.attribution.applyOrders({ body, format, arrival }, problemsMax, this.#markBits);
        return { of: 'orders', receipt: yield* steps };
      }
      case ENTRY_KIND.peerPage:
        yield* this.#applyPeerPage(entry);
        return { of: 'nothing' };
      case ENTRY_KIND.marks:
        if (this.#hasPeer) this.marks.logged(entry.body);
        return { of: 'nothing' };
      case ENTRY_KIND.quarantineReplay:
        yield* this.#applyReplay(entry, tally);
        break;
      case ENTRY_KIND.backfill:
        yield* this.#applyBackfill(entry, tally);
        break;
      case ENTRY_KIND.eventsJson:
      case ENTRY_KIND.eventsNdjson:
        yield* this.#applyEvents(entry, tally);
        break;
    }
    return { of: 'events', receipt: tally.receipt() };
  }

  setRules(rules: PipelineRules): void {
    this.scalars.rules = rules;
    this.#scanner = this.makeScanner();
    this.quarantine.setLimit(rules.quarantineEntries);
    this.touches.retentionMs = touchRetentionMs(rules.orders);
    this.touches.regions = rules.regions;
    this.attribution.setRules(rules.orders, rules.regions[0] === this.#region);
  }

  /** A scanner of its own for whoever reads events beside the log. */
  makeScanner(): EventScanner {
    return new EventScanner(this.scalars.rules, this.#seed);
  }

  /** Decides the open orders of users anew who got touches since the last time. */
  settleTouched(): void {
    if (this.#touched.size === 0) return;
    for (const userId of this.#touched) this.attribution.touched(userId);
    this.#touched.clear();
  }

  /** Keeps the event of row `row` of a batch as a touch; `flags` as the touches have them. */
  addTouch(batch: EventBatch, row: number, text: DataView, dimension: number, flags: number): void {
    const { words, doubles } = batch;
    if (this.#keepsTouches) this.touches.add(words, doubles, row, text, dimension, flags);
    const at = row * ROW_WORDS;
    if (this.touches.watched.has(words[at + USER_HASH])) this.#touched.add(userIdOf(words, at, text));
  }

  /** Numbers a change of a cell. */
  changed(cells: MinuteCells, row: number): void {
    const change = ++this.scalars.change;
    cells.doubles[row * CELL_DOUBLES + CHANGE] = change;
    this.changes.append(change, cells.minute, row);
  }

  #passTime(arrival: number): void {
    const { scalars } = this;
    scalars.latestArrival = Math.max(scalars.latestArrival, arrival);
    const { latestArrival, rules } = scalars;
    const settled = Math.max(scalars.settled, settledTime(latestArrival, scalars.peer, rules));
    scalars.settled = settled;
    this.touches.passTime(settled);
    const before = scalars.horizon;
    const now = advanceHorizon(before, latestArrival, settled, rules);
    scalars.horizon = now;
    if (now.forgottenGeneration > before.forgottenGeneration) this.ids.forgetThrough(now.forgottenGeneration);
    if (now.retiredBefore > before.retiredBefore) {
      this.cells.retire(now.retiredBefore);
      this.counters.retire(now.retiredBefore);
      this.attribution.arrivals.retire(now.retiredBefore);
    }
    if (now.expiredBefore > before.expiredBefore) this.quarantine.expire(now.expiredBefore);
    this.attribution.passTime(settled);
  }

  *#applyEvents(entry: LoggedEntry, tally: Tally): Generator<void, void> {
    const format = entry.kind === ENTRY_KIND.eventsJson ? 'json' : 'ndjson';
    const source = viewOf(entry.body);
    // An empty body is scanned, too: as JSON it is one malformed event.
    for (let at = 0; at < entry.body.length || at === 0;) {
      this.#batch.clear();
      const next = this.#scanner.scan(entry.body, format, at, this.#batch);
      this.#judge(entry, source);
      this.#book(entry, tally);
      assert(next > at || next >= entry.body.length, 'the scanner moves on');
      at = Math.max(next, 1);
      yield;
    }
  }

  /** Old events: their age is judged by another limit, and what was counted before is known by its touch. */
  *#applyBackfill(entry: LoggedEntry, tally: Tally): Generator<void, void> {
    const { maxAgeMs, eventsAt } = decodeBackfill(entry.body);
    const events = { ...entry, body: entry.body.subarray(eventsAt), offset: entry.offset + eventsAt };
    this.#backfill = { maxAgeMs, body: events.body };
    yield* this.#applyEvents(events, tally);
    this.#backfill = undefined;
  }

  *#applyReplay(entry: LoggedEntry, tally: Tally): Generator<void, void> {
    const { ids, lengths, eventsAt } = decodeReplayBody(entry.body);
    for (const id of ids) this.quarantine.release(id);
    const source = viewOf(entry.body);
    let at = eventsAt;
    for (const length of lengths) {
      this.#batch.clear();
      this.#scanner.scanOne(entry.body, at, at + length, this.#batch);
      this.#judge(entry, source);
      this.#book(entry, tally);
      at += length;
      yield;
    }
  }

  *#applyPeerPage(entry: LoggedEntry): Generator<void, void> {
    const page = decodePeerPage(entry.body);
    const before = this.scalars.peer;
    const isKnown = page.data === before.data;
    // Asked for before another page came in: it holds nothing that is not known.
    if (isKnown && page.after < before.block) return;
    const missed = page.after - (isKnown ? before.block : 0);
    this.scalars.peer = {
      data: page.data,
      block: page.block,
      through: Math.max(before.through, page.through),
      ack: Math.max(before.ack, page.heard),
      blocksMissed: before.blocksMissed + missed,
    };
    yield* this.peerEvents.applyPage(page, entry, this.#scanner, this.#markBits);
    yield* this.attribution.applyPeerOrders(page.orders, entry.arrival);
    // What has been heard may settle more.
    this.#passTime(entry.arrival);
  }

  /** Gives each scanned row its verdict, and counts those that are new. */
  #judge(entry: LoggedEntry, source: DataView): void {
    const changeBefore = this.scalars.change;
    const batch = this.#batch;
    const { words, doubles } = batch;
    const verdicts = this.#verdicts;
    const onTime = this.#onTime;
    const { horizon } = this.scalars;
    const backfill = this.#backfill;
    const rules =
      backfill === undefined
        ? this.scalars.rules
        : { ...this.scalars.rules, maxEventAgeMs: backfill.maxAgeMs };
    let candidates = 0;
    for (let row = 0; row < batch.count; row++) {
      if (words[row * ROW_WORDS + FAULT] !== 0) {
        verdicts[row] = invalid;
        continue;
      }
      const age = judgeAge(doubles[row * ROW_DOUBLES + TIME_DOUBLE], entry.arrival, horizon, rules);
      if (age === 'on_time') onTime[candidates++] = row;
      else verdicts[row] = age === 'late' ? late : future;
    }
    const generation = generationOf(entry.arrival);
    this.ids.locate(words, onTime, candidates);
    const likely = this.#likely;
    this.dimensions.warm(words, onTime, candidates, likely);
    this.cells.warm(doubles, onTime, candidates, likely);
    for (let n = 0; n < candidates; n++) {
      const row = onTime[n];
      const seen = this.ids.seen(n);
      const takesOver = seen !== 0 && this.#hasPeer && this.#takesOver(seen);
      if (seen !== 0 && !takesOver) verdicts[row] = seen === 1 ? duplicate : conflict;
      else if (backfill !== undefined && wasCounted(this, batch, row, backfill.body))
        verdicts[row] = duplicate;
      else if (this.#count(source, row, likely[n], changeBefore)) {
        if (takesOver) this.ids.reown(n, generation, OWN);
        else this.ids.add(n, generation);
        verdicts[row] = counted;
      } else {
        words[row * ROW_WORDS + FAULT] = SUM_OUT_OF_RANGE;
        verdicts[row] = invalid;
      }
    }
    this.settleTouched();
  }

  /** Whether an own event counts though its id is known: the first region's own events do, whatever the peer has counted. */
  #takesOver(seen: Seen): boolean {
    return seen === SAME_CONTENT && this.isFirst && this.ids.seenOwner === PEERS;
  }

  /** Adds a new event to its cell; false when the cell's cost would pass 2^53 − 1, and then nothing has changed. */
  #count(source: DataView, row: number, likely: number, changeBefore: number): boolean {
    const { words, doubles, textView } = this.#batch;
    const at = row * ROW_WORDS;
    const costMicros = doubles[row * ROW_DOUBLES + COST_DOUBLE];
    const cells = this.cells.minuteAt(doubles[row * ROW_DOUBLES + TIME_DOUBLE]);
    const text = words[at + IN_TEXT] === 0 ? source : textView;
    const dimension = this.dimensions.intern(words, at, text, likely);
    const cellRow = this.cells.rowFor(cells, dimension);
    cells.touch(cellRow);
    const cell = cellRow * CELL_DOUBLES;
    const values = cells.doubles;
    if (values[cell + COST] + costMicros > Number.MAX_SAFE_INTEGER) return false;
    this.cells.show(cells, cellRow, dimension);
    const isClick = words[at + IS_CLICK];
    values[cell + IMPRESSIONS] += 1 - isClick;
    values[cell + CLICKS] += isClick;
    values[cell + COST] += costMicros;
    values[cell + REVISION] += 1;
    if (values[cell + CHANGE] <= changeBefore) this.changed(cells, cellRow);
    this.sums.add(isClick, costMicros);
    this.addTouch(this.#batch, row, text, dimension, 0);
    return true;
  }

  /** Enters the verdicts of the batch into counters, quarantine and receipt. */
  #book(entry: LoggedEntry, tally: Tally): void {
    const { words, count } = this.#batch;
    const perMinute = this.counters.at(entry.arrival);
    const { total } = this.counters;
    perMinute[RECEIVED] += count;
    total[RECEIVED] += count;
    const isMarking = this.#hasPeer;
    for (let row = 0; row < count; row++) {
      const verdict = this.#verdicts[row];
      if (isMarking) this.#markBits.add(verdict === counted);
      perMinute[verdict]++;
      total[verdict]++;
      tally.add(verdict);
      if (verdict === counted) continue;
      const at = row * ROW_WORDS;
      const start = words[at + START];
      const end = words[at + END];
      const judged = {
        arrival: entry.arrival,
        verdict,
        fault: words[at + FAULT],
        faultField: words[at + FAULT_FIELD],
      };
      if (verdict !== duplicate) {
        const { segment, offset } = entry;
        this.quarantine.add({ ...judged, segment, offset: offset + start, length: end - start });
      }
      if (!tally.wantsProblem()) continue;
      if (verdict === duplicate || verdict === conflict) {
        const eventId = this.#batch.eventId(entry.body, row);
        tally.problem(describeSeen(verdict === duplicate ? 'duplicate' : 'conflict', eventId));
      } else {
        const event = { bytes: entry.body.subarray(start, end), ...judged };
        tally.problem(describeProblem(event, this.scalars.rules));
      }
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function userIdOf(words: Int32Array, at: number, text: DataView): string {
  const start = words[at + USER_START];
  return Buffer.from(text.buffer, text.byteOffset + start, words[at + USER_END] - start).toString();
}
