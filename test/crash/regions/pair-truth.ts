import {
  decideNaively,
  type OracleAttributionRules,
  type OracleTouch,
} from '../../../src/oracle/oracle-credits.ts';
import type { SentEvent } from '../ledger.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What an order is attributed by: the defaults of the spec. */
const RULES: OracleAttributionRules = {
  clickWindowMs: 7 * DAY_MS,
  viewWindowMs: DAY_MS,
  maxOrderAgeMs: DAY_MS,
  maxClockSkewMs: 600_000,
  merchantMatch: 'same',
  models: ['last_touch'],
  timeDecayHalfLifeMs: DAY_MS,
  touchesMax: 1,
  defaultCurrency: 'USD',
};

export interface SentOrder {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly orderStatus: 'placed' | 'cancelled' | 'refunded';
  readonly orderTime: number;
  readonly userId: string;
  readonly merchantId: string;
  readonly amountMicros: number;
}

/** Who has an event: one region, surely; both, and so the first one; or whichever it turns out to be. */
export type Whereabouts = 'a' | 'b' | 'both' | 'either';

/** Counts of one ad, minute and currency. */
export interface Totals {
  impressions: number;
  clicks: number;
  costMicros: number;
}

/** What an order has to come out as. */
export interface TrueOrder {
  readonly orderVersion: number;
  readonly amountMicros: number;
  readonly outcome: 'attributed' | 'unattributed';
  readonly creditMicros: number;
  readonly touchEventId: string | null;
}

/** What the clients know that was acknowledged: plain maps, no code of the engine. */
export class PairTruth {
  readonly #events = new Map<string, { readonly event: SentEvent; readonly where: Whereabouts }>();
  /** Events that went out with other contents as well: each counts once, with one of them. */
  readonly restamped = new Map<string, readonly SentEvent[]>();
  /** The latest acknowledged version of each order. */
  readonly #orders = new Map<string, SentOrder>();

  get size(): number {
    return this.#events.size + this.restamped.size;
  }

  get orderCount(): number {
    return this.#orders.size;
  }

  acknowledge(events: readonly SentEvent[], where: Whereabouts): void {
    for (const event of events) {
      const known = this.#events.get(event.eventId);
      const isElsewhere = known !== undefined && known.where !== where;
      this.#events.set(event.eventId, { event, where: isElsewhere ? 'either' : where });
    }
  }

  acknowledgeOrder(order: SentOrder): void {
    const known = this.#orders.get(order.orderId);
    if (known === undefined || known.orderVersion < order.orderVersion)
      this.#orders.set(order.orderId, order);
  }

  /** Totals by ad, minute and currency, of all events or of those that are surely where it is asked for. */
  totals(...where: readonly Whereabouts[]): Map<string, Totals> {
    const totals = new Map<string, Totals>();
    for (const known of this.#events.values()) {
      if (where.length === 0 || where.includes(known.where)) count(totals, known.event);
    }
    return totals;
  }

  orders(): Map<string, TrueOrder> {
    const touches = Map.groupBy(
      [...this.#events.values()].map(({ event }): OracleTouch => ({ ...event, region: '' })),
      ({ userId }) => userId,
    );
    return new Map(
      [...this.#orders.values()].map((order) => {
        const { orderId, orderVersion, amountMicros } = order;
        const decision = decideNaively(order, touches.get(order.userId) ?? [], 'last_touch', RULES);
        const [touch, creditMicros] = decision.reason === null ? decision.credits[0] : [undefined, 0];
        const outcome = decision.reason === null ? 'attributed' : 'unattributed';
        const touchEventId = touch?.eventId ?? null;
        return [orderId, { orderVersion, amountMicros, outcome, creditMicros, touchEventId }];
      }),
    );
  }
}

export function keyOf(adId: string, eventTime: number, currency: string): string {
  return `${adId} ${eventTime - (eventTime % MINUTE_MS)} ${currency}`;
}

function count(totals: Map<string, Totals>, event: SentEvent): void {
  const key = keyOf(event.adId, event.eventTime, event.currency);
  const sums = totals.get(key) ?? { impressions: 0, clicks: 0, costMicros: 0 };
  totals.set(key, sums);
  if (event.eventType === 'click') sums.clicks++;
  else sums.impressions++;
  sums.costMicros += event.costMicros;
}
