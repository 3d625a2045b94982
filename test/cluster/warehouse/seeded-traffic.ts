import { HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';
import type { SeededRandom } from '../../../src/simulation/seeded-random.ts';

const BATCHES = 8;
const EVENTS_PER_BATCH = 500;
const ADS = 12;
const HOURS = 5;
const BUYERS = 30;
const STRANGERS = 10;
const MERCHANT = 'shop-1';

/** Bodies to send, and what must come of them: counted here in the plainest way. */
export interface Traffic {
  readonly events: readonly (readonly object[])[];
  readonly orders: readonly object[];
  /** Rows of `ad_hours`: start, ad, impressions, clicks, cost in micros. */
  readonly hours: readonly (readonly (string | number)[])[];
  readonly totals: {
    readonly impressions: bigint;
    readonly clicks: bigint;
    readonly costMicros: bigint;
    readonly minuteRecords: bigint;
    readonly orderRecords: bigint;
    readonly creditMicros: bigint;
  };
  /** Of the events and orders. */
  readonly from: number;
  readonly to: number;
}

interface Sent {
  readonly eventId: string;
  readonly eventType: string;
  readonly eventTime: number;
  readonly adId: string;
  readonly costMicros: number;
}

/** Events of the last hours with one in twenty sent again; buyers who clicked, and strangers who did not. */
export function seededTraffic(random: SeededRandom, now: number): Traffic {
  const from = now - HOURS * HOUR_MS;
  const eventOf = (id: string, more: object): Sent => {
    const adId = `ad-${random.below(ADS)}`;
    return {
      eventId: id,
      eventType: random.below(4) === 0 ? 'click' : 'impression',
      eventTime: from + random.below(HOURS * HOUR_MS),
      adId,
      campaignId: `campaign-of-${adId}`,
      advertiserId: 'advertiser-1',
      userId: `user-${random.below(500)}`,
      merchantId: MERCHANT,
      costMicros: random.below(5_000_000),
      ...more,
    } as Sent;
  };
  const batches = Array.from({ length: BATCHES }, (_, batch) => {
    const fresh = Array.from({ length: EVENTS_PER_BATCH }, (_one, n) => eventOf(`${now}-${batch}-${n}`, {}));
    return [...fresh, ...fresh.filter(() => random.below(20) === 0)];
  });
  const clicks = Array.from({ length: BUYERS }, (_, n) =>
    eventOf(`${now}-click-${n}`, { eventType: 'click', userId: `buyer-${n}`, eventTime: now - HOUR_MS }),
  );
  const orders = Array.from({ length: BUYERS + STRANGERS }, (_, n) => ({
    orderId: `order-${now}-${n}`,
    orderTime: now - random.below(10) * MINUTE_MS,
    userId: n < BUYERS ? `buyer-${n}` : `stranger-${n}`,
    merchantId: MERCHANT,
    amountMicros: 1 + random.below(100_000_000),
  }));
  const events = [...batches, clicks];
  const counted = [...new Map(events.flat().map((event) => [event.eventId, event])).values()];
  const credits = orders.slice(0, BUYERS).map(({ amountMicros }) => amountMicros);
  return {
    events,
    orders,
    hours: hoursOf(counted),
    totals: {
      ...sumsOf(counted),
      minuteRecords: BigInt(
        new Set(counted.map((one) => `${one.adId} ${floor(one.eventTime, MINUTE_MS)}`)).size,
      ),
      orderRecords: BigInt(orders.length),
      creditMicros: BigInt(credits.reduce((sum, credit) => sum + credit, 0)),
    },
    from,
    to: now,
  };
}

function hoursOf(counted: readonly Sent[]): (string | number)[][] {
  const groups = Map.groupBy(counted, ({ adId, eventTime }) => `${floor(eventTime, HOUR_MS)} ${adId}`);
  const rows = [...groups].map(([key, events]) => {
    const [start, adId] = key.split(' ');
    const { impressions, clicks, costMicros } = sumsOf(events);
    const figures = [impressions, clicks, costMicros].map(Number);
    return [new Date(Number(start)).toISOString(), adId, ...figures];
  });
  return rows.toSorted((a, b) => (`${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1));
}

function sumsOf(events: readonly Sent[]): { impressions: bigint; clicks: bigint; costMicros: bigint } {
  const impressions = events.filter(({ eventType }) => eventType === 'impression').length;
  return {
    impressions: BigInt(impressions),
    clicks: BigInt(events.length - impressions),
    costMicros: BigInt(events.reduce((sum, { costMicros }) => sum + costMicros, 0)),
  };
}

function floor(time: number, unit: number): number {
  return time - (time % unit);
}
