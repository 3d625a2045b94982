import type { UnixMs } from '../../base/clock.ts';
import { HOUR_MS } from '../../base/units.ts';
import { hourOf } from '../../model/event-time.ts';
import { noOrderVerdicts } from '../../model/order-receipt.ts';
import type { Touch } from '../../model/touch.ts';
import { AttributionOracle, type OracleAttributedOrder } from '../../oracle/attribution-oracle.ts';
import { splitOracleBody } from '../../oracle/body-splitter.ts';
import type { OracleEvent } from '../../oracle/event-reader.ts';
import type { OracleAttributionRules } from '../../oracle/oracle-credits.ts';
import { readOracleOrder, type OracleOrder } from '../../oracle/order-reader.ts';
import { longestWindowMs } from '../../pipeline/attribution.ts';
import { isOpen, touchRetentionMs, type OrderRules } from '../../pipeline/order-rules.ts';

/** Users whose touches are kept without any order of theirs, for the sample. */
const SAMPLED_FIRST = 50;
/** Users with orders in the sample. */
const SAMPLED_BUYERS = 50;

/**
 * Attributes the orders of a log again with the naive oracle. Keeps the touches of `buyers` only, the users who have orders
 * when the recount begins: about 200 bytes a touch.
 */
export class OrderRecount {
  readonly verdicts = noOrderVerdicts();
  received = 0;
  readonly #oracle: AttributionOracle;
  readonly #buyers: ReadonlySet<string>;
  /** The first users seen. */
  readonly #first = new Set<string>();
  #rules: OrderRules;
  #settled = 0;
  #touchRetentionMin: number;
  /** Orders of which something was decided by rules, or by touches, that the oracle does not see any more. */
  readonly #unsure = new Set<string>();

  constructor(region: string, rules: OrderRules, buyers: ReadonlySet<string>) {
    this.#rules = rules;
    this.#buyers = buyers;
    this.#oracle = new AttributionOracle(region, oracleRulesOf(rules));
    this.#touchRetentionMin = touchRetentionMs(rules);
  }

  get rules(): OrderRules {
    return this.#rules;
  }

  changeRules(rules: OrderRules, regions: readonly string[]): void {
    const isSame = JSON.stringify(oracleRulesOf(rules)) === JSON.stringify(oracleRulesOf(this.#rules));
    // The region decides an order anew when it changes, the oracle always: under other rules they may differ until then.
    if (!isSame) for (const orderId of this.#oracle.orders().keys()) this.#unsure.add(orderId);
    this.#rules = rules;
    this.#touchRetentionMin = Math.min(this.#touchRetentionMin, touchRetentionMs(rules));
    this.#oracle.changeRules(oracleRulesOf(rules), regions);
  }

  passTime(settled: UnixMs): void {
    this.#settled = Math.max(this.#settled, settled);
    this.#oracle.dropOrdersBefore(hourOf(this.#settled - this.#rules.orderRetentionMs));
  }

  /** Orders of an earlier time are no longer held, Unix ms. */
  get droppedBefore(): UnixMs {
    return this.#oracle.droppedBefore;
  }

  takeOrders(body: Uint8Array, format: 'json' | 'ndjson', arrival: UnixMs): void {
    for (const bytes of splitOracleBody(body, format)) {
      const { order } = readOracleOrder(bytes, this.#rules.defaultCurrency);
      const before = order === null ? undefined : this.#oracle.orders().get(order.orderId);
      const { verdict } = this.#oracle.takeOrder(bytes, arrival);
      this.received++;
      this.verdicts[verdict]++;
      if (verdict === 'accepted') this.#accepted(before, order!);
    }
  }

  takePeerOrder(bytes: Uint8Array): void {
    const { order } = readOracleOrder(bytes, this.#rules.defaultCurrency);
    const before = order === null ? undefined : this.#oracle.orders().get(order.orderId);
    if (this.#oracle.takePeerOrder(bytes) !== undefined) this.#accepted(before, order!);
  }

  withdrawTouch(event: OracleEvent): void {
    this.#oracle.withdrawTouch(event);
  }

  /** An event counted in `region`. */
  takeTouch(event: OracleEvent, region: string): void {
    const { userId } = event;
    if (this.#first.size < SAMPLED_FIRST) this.#first.add(userId);
    if (!this.#buyers.has(userId) && !this.#first.has(userId)) return;
    const { eventId, eventType, eventTime, adId, campaignId, advertiserId, merchantId } = event;
    const touch = { eventId, eventType, eventTime, adId, campaignId, advertiserId, userId, merchantId };
    this.#oracle.takeTouch({ ...touch, region });
  }

  orderIds(): Iterable<string> {
    return this.#oracle.orders().keys();
  }

  has(orderId: string): boolean {
    return this.#oracle.orders().has(orderId);
  }

  recordsOf(orderId: string): readonly OracleAttributedOrder[] {
    return this.#oracle.recordsOf(orderId);
  }

  /** Whether all that has decided an order is known here, given that the log tells everything from `completeFrom` on. */
  isWhole(orderId: string, completeFrom: UnixMs): boolean {
    const order = this.#oracle.orders().get(orderId);
    if (order === undefined || this.#unsure.has(orderId) || !this.#buyers.has(order.userId)) return false;
    if (completeFrom === 0 || order.orderTime - longestWindowMs(this.#rules) >= completeFrom) return true;
    if (order.orderTime < completeFrom) return false;
    // What was before the log began cannot win against these.
    const records = Map.groupBy(this.recordsOf(orderId), ({ model }) => model);
    return [...records].every(([model, ranks]) => {
      const needed = model === 'last_touch' ? 1 : this.#rules.touchesMax;
      const isFull = model !== 'first_touch' && ranks.length === needed;
      return isFull && ranks.every((rank) => rank.touchType === 'click' && rank.touchTime! >= completeFrom);
    });
  }

  /** Users whose touches are compared: some of the first, and some of those with orders. */
  sampledUsers(): ReadonlySet<string> {
    return new Set([...this.#first, ...this.#buyers.values().take(SAMPLED_BUYERS)]);
  }

  /** A sampled user's touches with event times of `from` or later. */
  touchesOf(userId: string, from: UnixMs): Touch[] {
    return this.#oracle
      .touchesOf(userId)
      .filter(({ eventTime }) => eventTime >= from)
      .map((touch) => ({
        eventId: touch.eventId,
        eventType: touch.eventType,
        eventTime: touch.eventTime,
        adId: touch.adId,
        campaignId: touch.campaignId,
        advertiserId: touch.advertiserId,
        merchantId: touch.merchantId,
        region: touch.region,
      }));
  }

  /** From when on the region, which may be a little ahead, still has all touches, Unix ms. */
  get touchesHeldFrom(): UnixMs {
    return this.#settled - this.#touchRetentionMin + HOUR_MS;
  }

  /** Once no touch can change an order any more, the region only knows those that had a share in it. */
  #accepted(before: OracleOrder | undefined, order: OracleOrder): void {
    if (before === undefined || isOpen(order, this.#settled, this.#rules)) return;
    const isElsewhere =
      before.userId !== order.userId ||
      before.merchantId !== order.merchantId ||
      before.orderTime !== order.orderTime;
    if (isElsewhere) this.#unsure.add(order.orderId);
  }
}

/** The users who have orders, by the bytes of these. */
export function buyersIn(orders: readonly Uint8Array[]): string[] {
  // What the currency is does not matter here.
  return orders.flatMap((bytes) => readOracleOrder(bytes, 'XXX').order?.userId ?? []);
}

function oracleRulesOf(rules: OrderRules): OracleAttributionRules {
  const { clickWindowMs, viewWindowMs, maxOrderAgeMs, maxClockSkewMs, merchantMatch, models } = rules;
  const { timeDecayHalfLifeMs, touchesMax, defaultCurrency } = rules;
  return {
    clickWindowMs,
    viewWindowMs,
    maxOrderAgeMs,
    maxClockSkewMs,
    merchantMatch,
    models,
    timeDecayHalfLifeMs,
    touchesMax,
    defaultCurrency,
  };
}
