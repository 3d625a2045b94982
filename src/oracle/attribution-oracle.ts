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
  readonly outcome: 'attributed' | 'unattributed' | 'yielded';
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

/** What a touch that is none any more is known by. */
export type WithdrawnTouch = Pick<OracleTouch, 'userId' | 'eventId' | 'eventTime'>;

const HOUR_MS = 3_600_000;

interface HeldOrder {
  /** The newest accepted version. */
  readonly order: OracleOrder;
  /** Null while any touch may still change what is decided. */
  over: Over | null;
  /** The lowest version that was accepted here, and in the other region; undefined for none. */
  readonly here: number | undefined;
  readonly there: number | undefined;
  /** Whether there have been records of it, which stay when it turns out to be the other region's. */
  hadRecords: boolean;
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
  /** The regions; an order that both have taken in is the first one's. */
  #regions: readonly string[];
  #rules: OracleAttributionRules;
  readonly #orders = new Map<string, HeldOrder>();
  readonly #touchesByUser = new Map<string, OracleTouch[]>();
  /** Nothing can come any more that concerns earlier arrivals. */
  #settledMs = 0;
  #droppedBefore = 0;

  constructor(region: string, rules: OracleAttributionRules) {
    this.#region = region;
    this.#regions = [region];
    this.#rules = rules;
  }

  /** The rules of the orders that follow, and of every decision from now on. */
  changeRules(rules: OracleAttributionRules, regions: readonly string[] = [this.#region]): void {
    this.#rules = rules;
    this.#regions = regions;
  }

  /**
   * Everything up to this time is settled. Orders for which no touch can come any more are over: from now on they depend on the touches
   * that have credit, and on no others. Later they are dropped. What is over stays so when the clock goes back.
   */
  passTime(settledMs: number): void {
    this.#settledMs = Math.max(this.#settledMs, settledMs);
    const { orderRetentionMs = Infinity } = this.#rules;
    this.dropOrdersBefore(Math.floor((this.#settledMs - orderRetentionMs) / HOUR_MS) * HOUR_MS);
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

  /** Takes in a version that the other region has accepted; returns its order's id when that changed anything. */
  takePeerOrder(bytes: Uint8Array): string | undefined {
    const { order } = readOracleOrder(bytes, this.#rules.defaultCurrency);
    if (order === null || order.orderTime < this.#droppedBefore) return undefined;
    const known = this.#orders.get(order.orderId);
    const there = Math.min(known?.there ?? Infinity, order.orderVersion);
    const isNewer = known === undefined || known.order.orderVersion < order.orderVersion;
    if (!isNewer && known.there === there) return undefined;
    this.#replace(isNewer ? order : known.order, known?.here, there);
    return order.orderId;
  }

  /** Whether an order that is held is this region's. */
  isOwn(orderId: string): boolean {
    const held = this.#orders.get(orderId);
    return held !== undefined && this.#isOwn(held);
  }

  /** Keeps an event that was counted, in this region or in the other one. */
  takeTouch(touch: OracleTouch): void {
    const touches = this.#touchesByUser.get(touch.userId) ?? [];
    this.#touchesByUser.set(touch.userId, touches);
    touches.push(touch);
  }

  /** This region's event with this id is none any more. */
  withdrawTouch({ userId, eventId, eventTime }: WithdrawnTouch): void {
    const kept = (this.#touchesByUser.get(userId) ?? []).filter(
      (touch) => touch.eventId !== eventId || touch.eventTime !== eventTime || touch.region !== this.#region,
    );
    this.#touchesByUser.set(userId, [...kept]);
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

  /** Everybody who ever had a touch. */
  usersWithTouches(): string[] {
    return [...this.#touchesByUser.keys()];
  }

  /** The touches of a user that were kept, in the order in which they were counted. */
  touchesOf(userId: string): readonly OracleTouch[] {
    const all = this.#touchesByUser.get(userId) ?? [];
    if (this.#regions.length === 1) return all;
    const [first] = this.#regions;
    // Of an event that both regions have counted the first one's touch is left.
    return all.filter(
      ({ eventId, eventTime, region }) =>
        region === first ||
        !all.some(
          (other) => other.eventId === eventId && other.eventTime === eventTime && other.region === first,
        ),
    );
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
      if (isSame && this.#becomesOwn(this.#orders.get(order.orderId)!, order)) return 'accepted';
      return isSame ? 'duplicate' : 'conflict';
    }
    const ageMs = arrivalMs - order.orderTime;
    if (-ageMs > this.#rules.maxClockSkewMs) return 'future';
    if (order.orderTime < this.#droppedBefore) return 'late';
    return known === undefined && ageMs > this.#rules.maxOrderAgeMs ? 'late' : 'accepted';
  }

  /** The first region takes over what only the other one had, when it comes there, too, and is not over. */
  #becomesOwn({ here, there = 0 }: HeldOrder, order: OracleOrder): boolean {
    const isFirst = this.#regions[0] === this.#region;
    return isFirst && here === undefined && order.orderVersion <= there && !this.#isOver(order);
  }

  #accept(order: OracleOrder): void {
    const known = this.#orders.get(order.orderId);
    this.#replace(order, Math.min(known?.here ?? Infinity, order.orderVersion), known?.there);
  }

  #replace(order: OracleOrder, here: number | undefined, there: number | undefined): void {
    const known = this.#orders.get(order.orderId);
    const over = this.#isOver(order) ? this.#overFrom(known, order) : null;
    const held = { order, over, here, there, hadRecords: known?.hadRecords ?? false };
    held.hadRecords ||= this.#isOwn(held);
    this.#orders.set(order.orderId, held);
  }

  /** Whose is the lowest version; of the first region, if both have it. */
  #isOwn({ here = Infinity, there = Infinity }: HeldOrder): boolean {
    return here < there || (here === there && this.#regions[0] === this.#region);
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
    return this.#settledMs - orderTime > Math.max(maxOrderAgeMs, viewWindowMs + maxEventAgeMs);
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
    const touches = over?.touches ?? this.touchesOf(order.userId);
    return decideNaively(order, touches, model, this.#rules);
  }

  #recordsOf(held: HeldOrder, model: OracleModel): OracleAttributedOrder[] {
    const { order } = held;
    // Of one that was this region's the records stay, without credit, and only for the ranks they had: told apart elsewhere.
    if (!this.#isOwn(held)) return held.hadRecords ? [this.#yieldedRecord(order, model)] : [];
    const decision = this.#decide(held, model);
    if (decision.reason !== null) return [this.#record(order, model, 0, null, 0, decision.reason)];
    return decision.credits.map(([touch, creditMicros], rank) =>
      this.#record(order, model, rank, touch, creditMicros, null),
    );
  }

  #yieldedRecord(order: OracleOrder, model: OracleModel): OracleAttributedOrder {
    return { ...this.#record(order, model, 0, null, 0, null), outcome: 'yielded' };
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
