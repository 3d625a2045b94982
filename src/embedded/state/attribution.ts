import type { UnixMs } from '../../base/clock.ts';
import { WideMap } from '../../base/wide-map.ts';
import type { AttributionModel } from '../../model/attributed-order.ts';
import { hourOf } from '../../model/event-time.ts';
import { parseOrder, type Order } from '../../model/order.ts';
import {
  invalidOrderProblem,
  noOrderVerdicts,
  refusedOrderProblem,
  type OrderProblem,
  type OrderReceipt,
} from '../../model/order-receipt.ts';
import type { OrderVerdict } from '../../model/order-verdict.ts';
import type { Touch, TouchExplanation } from '../../model/touch.ts';
import { consideredRange, decide, judgeOrder, type Decision } from '../../pipeline/attribution.ts';
import { explain } from '../../pipeline/attribution-explanation.ts';
import { isOpen, type OrderRules } from '../../pipeline/order-rules.ts';
import type { MarkBits } from '../peer/marks.ts';
import type { BodyFormat } from '../../model/request/ingest.ts';
import type { OrderAnswer } from '../ports.ts';
import { OpenOrders } from '../orders/open-orders.ts';
import { OrderArrivals, type OrderArrivalsDump } from '../orders/order-arrivals.ts';
import { decidedRecords, yieldedRecords } from '../orders/order-records.ts';
import type { OrderEnrichment, OrderState } from '../orders/order-state.ts';
import { RecordChanges } from '../orders/record-changes.ts';
import { EventSplitter } from '../../model/request/event-splitter.ts';
import { RetiredChanges, type RetiredMinute } from './retired-changes.ts';

/** Orders judged at a time. */
const BATCH_ORDERS = 64;

/** What attribution needs of the touch store. */
export interface Touches {
  /** The touches of a user with a time from `from` to `to`, both included. */
  touchesOf(userId: string, from: UnixMs, to: UnixMs): readonly Touch[];
  /** Tells of users whose new touches matter: see Attribution.touched. */
  watch(userId: string): void;
  unwatch(userId: string): void;
}

/** A request body of orders. */
interface OrderBody {
  readonly body: Uint8Array;
  readonly format: BodyFormat;
  readonly arrival: UnixMs;
}

/** Values of the state that are no orders. */
export interface AttributionScalars {
  /** Number of the last change of a record. */
  change: number;
  received: number;
  verdicts: Record<OrderVerdict, number>;
  /** Orders placed before this are no longer held, Unix ms. */
  droppedBefore: UnixMs;
}

/** The scalars as a snapshot holds them. */
export interface AttributionDump extends AttributionScalars {
  readonly droppedChanges: readonly RetiredMinute[];
  /** Missing in snapshots from before minutes of arrival were kept. */
  readonly arrivals?: OrderArrivalsDump;
}

/**
 * Job 2, Attribution, as a deterministic state machine: which touches led to an order follows from the log's entries and
 * nothing else. An order is decided when it arrives, and again whenever a fact changes: a new version, a late touch, an
 * answer of the order service.
 */
export class Attribution {
  readonly changes = new RecordChanges();
  readonly arrivals = new OrderArrivals();
  readonly scalars: AttributionScalars = {
    change: 0,
    received: 0,
    verdicts: noOrderVerdicts(),
    droppedBefore: 0,
  };
  /** The last changes of records that are no longer held, by the time before which orders were dropped until then. */
  readonly droppedChanges = new RetiredChanges();
  readonly #region: string;
  readonly #touches: Touches;
  #rules: OrderRules;
  /** Whether an order that both regions have taken in belongs to this one. */
  #isFirst = true;
  readonly #orders = new WideMap<OrderState>();
  readonly #open: OpenOrders;
  /** Latest settled time, Unix ms: no touch that arrives before it can come any more. */
  #settled = 0;
  /** Orders that wait for the order service, in the order in which they came. */
  readonly #pending = new Set<string>();
  /** Orders changed since the last snapshot's cut, those that were dropped after it included: see cut(). */
  #dirty = new Map<string, OrderState>();
  readonly #splitter = new EventSplitter();

  constructor(region: string, touches: Touches, rules: OrderRules) {
    this.#region = region;
    this.#touches = touches;
    this.#rules = rules;
    this.#open = new OpenOrders(touches);
  }

  get count(): number {
    return this.#orders.size;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  setRules(rules: OrderRules, isFirst: boolean): void {
    this.#rules = rules;
    this.#isFirst = isFirst;
  }

  /** After a change of rules: with longer windows an order that was over may be open again. */
  reopen(): void {
    for (const state of this.#orders.values()) this.#file(state);
  }

  /**
   * Judges the orders of a body, some at a time, and marks those accepted. The receipt describes at most `problemsMax` of those
   * not accepted.
   */
  *applyOrders(
    { body, format, arrival }: OrderBody,
    problemsMax: number,
    marks: MarkBits,
  ): Generator<void, OrderReceipt> {
    const verdicts = noOrderVerdicts();
    const problems: OrderProblem[] = [];
    let received = 0;
    for (let at = 0; this.#splitter.find(body, format, at);) {
      const { start, end, next } = this.#splitter;
      const { verdict, problem } = this.#judge(body.subarray(start, end), arrival);
      marks.add(verdict === 'accepted');
      verdicts[verdict]++;
      this.scalars.verdicts[verdict]++;
      this.scalars.received++;
      this.arrivals.count(arrival, verdict);
      if (problem !== null && problems.length < problemsMax) problems.push({ index: received, ...problem });
      received++;
      at = next;
      if (received % BATCH_ORDERS === 0) yield;
      if (at >= body.length) break;
    }
    return { received, verdicts, problems };
  }

  /** Takes in versions of orders that the peer has accepted: a JSON array. */
  *applyPeerOrders(body: Uint8Array, arrival: UnixMs): Generator<void, void> {
    let count = 0;
    for (let at = 0; at < body.length && this.#splitter.find(body, 'json', at);) {
      const { start, end, next } = this.#splitter;
      const reading = parseOrder(body.subarray(start, end), this.#rules);
      if (reading.ok) this.#takeFromPeer(reading.order, arrival);
      at = next;
      if (++count % BATCH_ORDERS === 0) yield;
    }
  }

  /** Decides the open orders of a user anew after new touches. */
  touched(userId: string): void {
    // By id: the order in which they were opened is another one after a restart, and changes are numbered here.
    for (const orderId of this.#open.of(userId).toSorted()) this.#settle(this.#orders.get(orderId)!);
  }

  /** Takes in what the order service said of an order, or that it did not say anything in time. */
  applyEnrichment(answer: OrderAnswer): void {
    const state = this.#orders.get(answer.orderId);
    // An answer that comes after a newer version, or after a better answer, says nothing any more.
    if (state === undefined || state.enrichment === null) return;
    if (state.order.orderVersion !== answer.orderVersion || state.enrichment.status === 'ok') return;
    this.#settle({
      ...state,
      enrichment: {
        status: answer.status,
        details: answer.enrichment ?? state.enrichment.details,
        deadline: answer.deadline ?? state.enrichment.deadline,
      },
    });
  }

  /** Orders that wait for the order service, the earliest deadline first. */
  *pending(): Generator<OrderState, void> {
    for (const orderId of this.#pending) yield this.#orders.get(orderId)!;
  }

  /** Orders that the order service gave no answer for in time. */
  *unavailable(): Generator<OrderState, void> {
    for (const state of this.#orders.values()) if (state.enrichment?.status === 'unavailable') yield state;
  }

  /** Every order held, in no particular order; each of them once, also while they change. */
  all(): IterableIterator<OrderState> {
    return this.#orders.values();
  }

  get(orderId: string): OrderState | undefined {
    return this.#orders.get(orderId);
  }

  /** Why each touch that was considered for an order won or lost. */
  explain(state: OrderState): readonly TouchExplanation[] {
    return explain(state.order, this.#considered(state), this.#rules);
  }

  /** Takes note of the settled time, and lets go of what is over. */
  passTime(settled: UnixMs): void {
    this.#settled = settled;
    this.#open.closeThrough(settled, (orderId) => {
      const state = this.#orders.get(orderId);
      return state === undefined || !isOpen(state.order, settled, this.#rules);
    });
    const droppedBefore = hourOf(Math.max(0, settled - this.#rules.orderRetentionMs));
    const before = this.scalars.droppedBefore;
    if (droppedBefore <= before) return;
    this.scalars.droppedBefore = droppedBefore;
    let last = 0;
    for (const state of this.#orders.values()) {
      if (state.order.orderTime < droppedBefore) last = Math.max(last, this.#drop(state));
    }
    if (last > 0) this.droppedChanges.note(before, last);
  }

  /** The orders to write into a snapshot, fixed now: all, or those changed since the last cut. */
  cut(mode: 'full' | 'delta'): readonly OrderState[] {
    const dirty = this.#dirty;
    this.#dirty = new Map();
    if (mode === 'full') return [...this.#orders.values()];
    // A dropped one is too old to be taken back by rebuild(); an earlier version in an earlier part might not be.
    return [...dirty.values()];
  }

  /** A copy of the scalars as they are now: a snapshot writes them later. */
  dumpScalars(): AttributionDump {
    const droppedChanges = this.droppedChanges.dump();
    const arrivals = this.arrivals.dump();
    return { ...this.scalars, verdicts: { ...this.scalars.verdicts }, droppedChanges, arrivals };
  }

  loadScalars({ droppedChanges, arrivals, ...scalars }: AttributionDump): void {
    Object.assign(this.scalars, scalars);
    this.arrivals.load(arrivals ?? { earlier: scalars, minutes: [] });
    this.droppedChanges.load(droppedChanges);
  }

  /** Puts back orders from a snapshot, over what was there; rebuild() follows. */
  load(states: readonly OrderState[]): void {
    for (const state of states) this.#orders.set(state.order.orderId, state);
  }

  /** Brings back what follows from the orders after a restart. */
  rebuild(settled: UnixMs): void {
    this.#settled = settled;
    for (const state of this.#orders.values()) {
      if (state.order.orderTime < this.scalars.droppedBefore) this.#orders.delete(state.order.orderId);
    }
    const states = [...this.#orders.values()];
    const records = states.flatMap((state) => state.records).toSorted((a, b) => a.change - b.change);
    for (const record of records) this.changes.append(record);
    for (const state of states.toSorted((a, b) => deadlineOf(a) - deadlineOf(b))) this.#file(state);
  }

  #judge(
    bytes: Uint8Array,
    arrival: UnixMs,
  ): { readonly verdict: OrderVerdict; readonly problem: Omit<OrderProblem, 'index'> | null } {
    const reading = parseOrder(bytes, this.#rules);
    if (!reading.ok) return { verdict: 'invalid', problem: invalidOrderProblem(reading.problem) };
    const { order } = reading;
    const state = this.#orders.get(order.orderId);
    const known = state?.order ?? null;
    const again = judgeOrder(order, known, arrival, this.#rules);
    const judged = again === 'duplicate' && this.#takesOver(order, state!) ? 'accepted' : again;
    // Orders of that time are no longer held: this one, too, may have been dropped, or would be at the next restart.
    const isDropped = order.orderTime < this.scalars.droppedBefore;
    const verdict = isDropped && judged === 'accepted' ? 'late' : judged;
    if (verdict === 'accepted') {
      this.#accept(order, arrival);
      return { verdict, problem: null };
    }
    const times = { arrival, ...this.#rules };
    return { verdict, problem: refusedOrderProblem(verdict, order, known?.orderVersion ?? null, times) };
  }

  #accept(order: Order, arrival: UnixMs): void {
    const known = this.#orders.get(order.orderId);
    const takenHere = lowest(known?.takenHere ?? 0, order.orderVersion);
    this.#replace(known, { order, takenHere, takenThere: known?.takenThere ?? 0 }, arrival);
  }

  /** Whether a version that is only known from the peer makes the order the first region's when it comes there, too. */
  #takesOver(order: Order, { takenHere, takenThere }: OrderState): boolean {
    const isNew = takenHere === 0 && order.orderVersion <= takenThere;
    return this.#isFirst && isNew && isOpen(order, this.#settled, this.#rules);
  }

  /** A version that the peer has accepted: the order is known from now on, and the latest version counts in both regions. */
  #takeFromPeer(order: Order, arrival: UnixMs): void {
    // Orders of that time are no longer held.
    if (order.orderTime < this.scalars.droppedBefore) return;
    const known = this.#orders.get(order.orderId);
    const takenThere = lowest(known?.takenThere ?? 0, order.orderVersion);
    const isNewer = known === undefined || order.orderVersion > known.order.orderVersion;
    if (!isNewer && known.takenThere === takenThere) return;
    const latest = isNewer ? order : known.order;
    this.#replace(known, { order: latest, takenHere: known?.takenHere ?? 0, takenThere }, arrival);
  }

  #replace(
    known: OrderState | undefined,
    now: Pick<OrderState, 'order' | 'takenHere' | 'takenThere'>,
    arrival: UnixMs,
  ): void {
    if (known !== undefined) this.#open.close(known.order);
    // Its new deadline is the latest: it goes to the end.
    this.#pending.delete(now.order.orderId);
    this.#settle({
      ...now,
      firstArrival: known?.firstArrival ?? arrival,
      // Those of another user are none of this one's, even where nothing else is known any more.
      touches: known?.order.userId === now.order.userId ? known.touches : [],
      records: known?.records ?? [],
      enrichment: this.#isOwn(now) ? this.#asked(known, arrival) : (known?.enrichment ?? null),
    });
  }

  /** Whether the order is this region's: of the one that has taken in the lowest version; of the first one if both have. */
  #isOwn({ takenHere, takenThere }: Pick<OrderState, 'takenHere' | 'takenThere'>): boolean {
    if (takenHere === 0 || takenThere === 0) return takenHere > 0;
    return takenHere === takenThere ? this.#isFirst : takenHere < takenThere;
  }

  /** A new version is asked for anew; what is known of the one before stays until then. */
  #asked(known: OrderState | undefined, arrival: UnixMs): OrderEnrichment | null {
    const { enrichmentDeadlineMs } = this.#rules;
    if (enrichmentDeadlineMs === 0) return known?.enrichment ?? null;
    return {
      status: 'pending',
      details: known?.enrichment?.details ?? null,
      deadline: arrival + enrichmentDeadlineMs,
    };
  }

  /** Decides `state` by the facts of now, and keeps it with the records that follow. */
  #settle(state: OrderState): void {
    const nextChange = (): number => ++this.scalars.change;
    const decisions = this.#isOwn(state) ? this.#decisions(state) : undefined;
    const records =
      decisions === undefined
        ? yieldedRecords(state, this.#region, nextChange)
        : decidedRecords(state, this.#region, decisions, nextChange);
    // What has been credited is kept for an order that the first region may still take over.
    const touches = decisions === undefined ? state.touches : creditedTouches(decisions);
    const settled = { ...state, records, touches };
    this.#orders.set(state.order.orderId, settled);
    this.#dirty.set(state.order.orderId, settled);
    for (const record of records) if (!state.records.includes(record)) this.changes.append(record);
    this.#file(settled);
  }

  #decisions(state: OrderState): Map<AttributionModel, Decision> {
    const touches = this.#considered(state);
    const isFirst = state.records.length === 0;
    // An order keeps the models that it was decided by: their credits, too, follow its amount.
    const models = new Set([...this.#rules.models, ...state.records.map(({ content }) => content.model)]);
    return new Map(
      [...models].map((model) => {
        // What an order was not attributed for is not known any more once its touches are gone; it stays as it was.
        const before = state.records.find(
          ({ content }) => content.model === model && content.rank === 0,
        )?.content;
        const isOver = touches.length === 0 && !isFirst && !isOpen(state.order, this.#settled, this.#rules);
        const reason = before?.reason ?? 'no_touch';
        if (isOver) return [model, { outcome: 'unattributed', reason, credits: [] }];
        return [model, decide(state.order, touches, model, this.#rules)];
      }),
    );
  }

  /** The touches that may count for an order: all of its user while it is open, later those that had a share. */
  #considered({ order, touches }: OrderState): readonly Touch[] {
    if (!isOpen(order, this.#settled, this.#rules)) return touches;
    const { from, to } = consideredRange(order.orderTime, this.#rules);
    return this.#touches.touchesOf(order.userId, from, to);
  }

  /** Enters an order where it is looked for: as open, as waiting for the order service. */
  #file(state: OrderState): void {
    const { order, enrichment } = state;
    const isOwn = this.#isOwn(state);
    if (isOwn && isOpen(order, this.#settled, this.#rules)) this.#open.open(order);
    if (isOwn && enrichment?.status === 'pending') this.#pending.add(order.orderId);
    else this.#pending.delete(order.orderId);
  }

  /** Returns the last change of its records. */
  #drop({ order, records }: OrderState): number {
    this.#orders.delete(order.orderId);
    this.#open.close(order);
    this.#pending.delete(order.orderId);
    for (const { content } of records) this.changes.drop(content.recordId);
    return Math.max(0, ...records.map(({ change }) => change));
  }
}

/** The lower of two versions, of which 0 is none. */
function lowest(a: number, b: number): number {
  return a === 0 ? b : Math.min(a, b);
}

function deadlineOf({ enrichment }: OrderState): UnixMs {
  return enrichment?.deadline ?? 0;
}

function creditedTouches(decisions: ReadonlyMap<AttributionModel, Decision>): Touch[] {
  const touches = new Map<string, Touch>();
  for (const { credits } of decisions.values()) {
    for (const { touch } of credits) touches.set(`${touch.region}/${touch.eventId}`, touch);
  }
  return [...touches.values()];
}
