import {
  decideNaively,
  type OracleAttributionRules,
  type OracleDecision,
  type OracleModel,
  type OracleReason,
  type OracleTouch,
} from './oracle-credits.ts';
import { readOracleOrder, type OracleOrder } from './order-reader.ts';
import { attributedOrderUuid } from './record-uuid.ts';

export type OracleOrderVerdict =
  | 'accepted'
  | 'duplicate'
  | 'stale'
  | 'conflict'
  | 'late'
  | 'future'
  | 'invalid';

/** What became of one version of an order as it came in. */
export interface OrderOutcome {
  readonly verdict: OracleOrderVerdict;
  /** The verdict itself, or why the order is invalid. */
  readonly code: string;
  /** The order's id where one could be read. */
  readonly orderId: string | null;
}

/** The content of an attributed order: all of it but the revision and what an order service may add. */
export interface OracleAttributedOrder extends OracleOrder {
  readonly recordId: string;
  readonly region: string;
  readonly model: OracleModel;
  readonly rank: number;
  readonly outcome: 'attributed' | 'unattributed';
  readonly reason: OracleReason | null;
  readonly creditMicros: number;
  readonly adId: string | null;
  readonly campaignId: string | null;
  readonly advertiserId: string | null;
  readonly touchEventId: string | null;
  readonly touchType: 'impression' | 'click' | null;
  readonly touchTime: number | null;
  readonly touchRegion: string | null;
}

const HOUR_MS = 3_600_000;

interface HeldOrder {
  /** The newest accepted version. */
  readonly order: OracleOrder;
  /** Null while any touch may still change what is decided. */
  over: Over | null;
}

/** All that still decides an order that is over. */
interface Over {
  /** The touches that had credit when it became so. */
  readonly touches: readonly OracleTouch[];
  /** Why it had none, for each model; empty for an order that was over when it came. */
  readonly reasons: ReadonlyMap<OracleModel, OracleReason>;
}

/**
 * Attributes orders the slow and obvious way, to hold the engine to. Fed with orders and counted touches in the order of the
 * log, it keeps all of them, says each order's verdict at once, and decides everything anew whenever it is asked. Only what
 * passTime() has declared over is decided by less, or dropped.
 */
export class AttributionOracle {
  readonly #region: string;
  #rules: OracleAttributionRules;
  readonly #orders = new Map<string, HeldOrder>();
  readonly #touchesByUser = new Map<string, OracleTouch[]>();
  #latestArrivalMs = 0;
  #droppedBefore = 0;

  constructor(region: string, rules: OracleAttributionRules) {
    this.#region = region;
    this.#rules = rules;
  }

  /** The rules of the orders that follow, and of every decision from now on. */
  changeRules(rules: OracleAttributionRules): void {
    this.#rules = rules;
  }

  /**
   * An entry of the log arrives. Orders for which no touch can come any more are over: from now on they depend on the touches
   * that have credit, and on no others. Later they are dropped. What is over stays so when the clock goes back.
   */
  passTime(arrivalMs: number): void {
    this.#latestArrivalMs = Math.max(this.#latestArrivalMs, arrivalMs);
    const { orderRetentionMs = Infinity } = this.#rules;
    this.dropOrdersBefore(Math.floor((this.#latestArrivalMs - orderRetentionMs) / HOUR_MS) * HOUR_MS);
    for (const held of this.#orders.values()) {
      if (held.over === null && this.#isOver(held.order)) held.over = this.#creditedOf(held);
    }
  }

  /** Forgets the orders of an earlier time, Unix ms; from now on such an order comes too late, whenever it arrives. */
  dropOrdersBefore(time: number): void {
    if (time <= this.#droppedBefore) return;
    this.#droppedBefore = time;
    for (const [orderId, { order }] of this.#orders) {
      if (order.orderTime < time) this.#orders.delete(orderId);
    }
  }

  /** Orders with a time before this, Unix ms, are no longer held. */
  get droppedBefore(): number {
    return this.#droppedBefore;
  }

  /** Judges one order, given as its bytes, and keeps it when it is accepted. */
  takeOrder(bytes: Uint8Array, arrivalMs: number): OrderOutcome {
    const { order, code, orderId } = readOracleOrder(bytes, this.#rules.defaultCurrency);
    if (order === null) return { verdict: 'invalid', code, orderId };
    const verdict = this.#judge(order, arrivalMs);
    if (verdict === 'accepted') this.#accept(order);
    return { verdict, code: verdict, orderId };
  }

  /** Keeps an event that was counted. */
  takeTouch(touch: OracleTouch): void {
    const touches = this.#touchesByUser.get(touch.userId) ?? [];
    this.#touchesByUser.set(touch.userId, touches);
    touches.push(touch);
  }

  /** What every order and its touches come to, by record id. A rank that no touch has any more is not among them. */
  records(): Map<string, OracleAttributedOrder> {
    const records = [...this.#orders.values()].flatMap((held) =>
      this.#rules.models.flatMap((model) => this.#recordsOf(held, model)),
    );
    return new Map(records.map((record) => [record.recordId, record]));
  }

  /** The records of one order; none when it is not held. */
  recordsOf(orderId: string): OracleAttributedOrder[] {
    const held = this.#orders.get(orderId);
    if (held === undefined) return [];
    return this.#rules.models.flatMap((model) => this.#recordsOf(held, model));
  }

  /** The touches of a user that were kept, in the order in which they were counted. */
  touchesOf(userId: string): readonly OracleTouch[] {
    return this.#touchesByUser.get(userId) ?? [];
  }

  /** The newest accepted version of each order, by id. */
  orders(): ReadonlyMap<string, OracleOrder> {
    return new Map([...this.#orders].map(([orderId, { order }]) => [orderId, order]));
  }

  #judge(order: OracleOrder, arrivalMs: number): OracleOrderVerdict {
    const known = this.#orders.get(order.orderId)?.order;
    if (known !== undefined && known.orderVersion > order.orderVersion) return 'stale';
    if (known !== undefined && known.orderVersion === order.orderVersion) {
      const isSame = (Object.keys(order) as (keyof OracleOrder)[]).every((key) => known[key] === order[key]);
      return isSame ? 'duplicate' : 'conflict';
    }
    const ageMs = arrivalMs - order.orderTime;
    if (-ageMs > this.#rules.maxClockSkewMs) return 'future';
    if (order.orderTime < this.#droppedBefore) return 'late';
    return known === undefined && ageMs > this.#rules.maxOrderAgeMs ? 'late' : 'accepted';
  }

  #accept(order: OracleOrder): void {
    const known = this.#orders.get(order.orderId);
    const over = this.#isOver(order) ? this.#overFrom(known, order) : null;
    this.#orders.set(order.orderId, { order, over });
  }

  /** What decides a version that is over when it comes: what decided the one before, if that was the same user's. */
  #overFrom(known: HeldOrder | undefined, order: OracleOrder): Over {
    if (known === undefined) return { touches: [], reasons: new Map() };
    const credited = this.#creditedOf(known);
    return known.order.userId === order.userId ? credited : { ...credited, touches: [] };
  }

  /** Whether no touch can come any more that might matter for the order. */
  #isOver({ orderTime }: OracleOrder): boolean {
    const { maxOrderAgeMs, viewWindowMs, maxEventAgeMs = Infinity } = this.#rules;
    return this.#latestArrivalMs - orderTime > Math.max(maxOrderAgeMs, viewWindowMs + maxEventAgeMs);
  }

  #creditedOf(held: HeldOrder): Over {
    const touches = new Set<OracleTouch>();
    const reasons = new Map<OracleModel, OracleReason>();
    for (const model of this.#rules.models) {
      const decision = this.#decide(held, model);
      if (decision.reason === null) for (const [touch] of decision.credits) touches.add(touch);
      // A touch that had credit and is not known any more leaves no other reason behind.
      reasons.set(model, decision.reason ?? 'no_touch');
    }
    return { touches: [...touches], reasons };
  }

  #decide({ order, over }: HeldOrder, model: OracleModel): OracleDecision {
    const reason = over?.reasons.get(model);
    if (over?.touches.length === 0 && reason !== undefined) return { reason };
    const touches = over?.touches ?? this.#touchesByUser.get(order.userId) ?? [];
    return decideNaively(order, touches, model, this.#rules);
  }

  #recordsOf(held: HeldOrder, model: OracleModel): OracleAttributedOrder[] {
    const { order } = held;
    const decision = this.#decide(held, model);
    if (decision.reason !== null) return [this.#record(order, model, 0, null, 0, decision.reason)];
    return decision.credits.map(([touch, creditMicros], rank) =>
      this.#record(order, model, rank, touch, creditMicros, null),
    );
  }

  #record(
    order: OracleOrder,
    model: OracleModel,
    rank: number,
    touch: OracleTouch | null,
    creditMicros: number,
    reason: OracleReason | null,
  ): OracleAttributedOrder {
    return {
      recordId: attributedOrderUuid(this.#region, order.orderId, model, rank),
      region: this.#region,
      ...order,
      model,
      rank,
      outcome: touch === null ? 'unattributed' : 'attributed',
      reason,
      creditMicros,
      adId: touch?.adId ?? null,
      campaignId: touch?.campaignId ?? null,
      advertiserId: touch?.advertiserId ?? null,
      touchEventId: touch?.eventId ?? null,
      touchType: touch?.eventType ?? null,
      touchTime: touch?.eventTime ?? null,
      touchRegion: touch?.region ?? null,
    };
  }
}
