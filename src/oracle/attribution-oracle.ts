import {
  decideNaively,
  type OracleAttributionRules,
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

/**
 * Attributes orders the slow and obvious way, to hold the engine to. Fed with orders and counted touches in the order of the
 * log, it keeps all of them, says each order's verdict at once, and decides everything anew whenever it is asked.
 */
export class AttributionOracle {
  readonly #region: string;
  #rules: OracleAttributionRules;
  /** The newest accepted version of each order. */
  readonly #orders = new Map<string, OracleOrder>();
  readonly #touchesByUser = new Map<string, OracleTouch[]>();
  #droppedBefore = 0;

  constructor(region: string, rules: OracleAttributionRules) {
    this.#region = region;
    this.#rules = rules;
  }

  /** The rules of the orders that follow, and of every decision from now on. */
  changeRules(rules: OracleAttributionRules): void {
    this.#rules = rules;
  }

  /** Judges one order, given as its bytes, and keeps it when it is accepted. */
  takeOrder(bytes: Uint8Array, arrivalMs: number): OrderOutcome {
    const { order, code, orderId } = readOracleOrder(bytes, this.#rules.defaultCurrency);
    if (order === null) return { verdict: 'invalid', code, orderId };
    const verdict = this.#judge(order, arrivalMs);
    if (verdict === 'accepted') this.#orders.set(order.orderId, order);
    return { verdict, code: verdict, orderId };
  }

  /** Forgets the orders of an earlier time, Unix ms; from now on such an order comes too late, whenever it arrives. */
  dropOrdersBefore(time: number): void {
    this.#droppedBefore = Math.max(this.#droppedBefore, time);
    for (const [orderId, order] of this.#orders) {
      if (order.orderTime < this.#droppedBefore) this.#orders.delete(orderId);
    }
  }

  /** Keeps an event that was counted. */
  takeTouch(touch: OracleTouch): void {
    const touches = this.#touchesByUser.get(touch.userId) ?? [];
    this.#touchesByUser.set(touch.userId, touches);
    touches.push(touch);
  }

  /** What every order and its touches come to, by record id. A rank that no touch has any more is not among them. */
  records(): Map<string, OracleAttributedOrder> {
    const records = [...this.#orders.keys()].flatMap((orderId) => this.recordsOf(orderId));
    return new Map(records.map((record) => [record.recordId, record]));
  }

  /** The records of one order; none when it is not held. */
  recordsOf(orderId: string): OracleAttributedOrder[] {
    const order = this.#orders.get(orderId);
    if (order === undefined) return [];
    return this.#rules.models.flatMap((model) => this.#recordsOf(order, model));
  }

  /** The touches of a user that were kept, in the order in which they were counted. */
  touchesOf(userId: string): readonly OracleTouch[] {
    return this.#touchesByUser.get(userId) ?? [];
  }

  /** The newest accepted version of each order, by id. */
  orders(): ReadonlyMap<string, OracleOrder> {
    return this.#orders;
  }

  #judge(order: OracleOrder, arrivalMs: number): OracleOrderVerdict {
    const known = this.#orders.get(order.orderId);
    if (known !== undefined && known.orderVersion > order.orderVersion) return 'stale';
    if (known !== undefined && known.orderVersion === order.orderVersion) {
      const isSame = (Object.keys(order) as (keyof OracleOrder)[]).every((key) => known[key] === order[key]);
      return isSame ? 'duplicate' : 'conflict';
    }
    const ageMs = arrivalMs - order.orderTime;
    if (-ageMs > this.#rules.maxClockSkewMs) return 'future';
    const isLate = ageMs > this.#rules.maxOrderAgeMs || order.orderTime < this.#droppedBefore;
    return known === undefined && isLate ? 'late' : 'accepted';
  }

  #recordsOf(order: OracleOrder, model: OracleModel): OracleAttributedOrder[] {
    const touches = this.#touchesByUser.get(order.userId) ?? [];
    const decision = decideNaively(order, touches, model, this.#rules);
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
