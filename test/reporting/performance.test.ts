import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AdMinuteFigures } from '../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../src/model/attributed-order.ts';
import {
  PERFORMANCE_GROUPS,
  type PerformanceQuery,
  type PerformanceReport,
  type PerformanceSource,
  queryPerformance,
} from '../../src/reporting/performance.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const MOST = Number.MAX_SAFE_INTEGER;

/** A clock by which everything is done at once. */
const AT_ONCE = { monotonicMs: () => 0, turn: () => Promise.resolve() };

type Ids = Pick<AdMinuteFigures, 'adId' | 'campaignId' | 'advertiserId'>;

const isWanted = (query: PerformanceQuery, one: { [Key in keyof Ids]: string | null }): boolean =>
  (query.adId === undefined || query.adId === one.adId) &&
  (query.campaignId === undefined || query.campaignId === one.campaignId) &&
  (query.advertiserId === undefined || query.advertiserId === one.advertiserId);

function holding(
  minutes: readonly AdMinuteFigures[],
  orders: readonly (readonly AttributedOrder[])[],
): PerformanceSource {
  return {
    asOf: () => NOON,
    attributedOrders: () => orders,
    adMinutes: (filter) =>
      minutes.filter(
        (one) =>
          one.minute >= filter.from && one.minute < filter.to && isWanted(filter as PerformanceQuery, one),
      ),
  };
}

const minuteOf = (parts: Partial<AdMinuteFigures> = {}): AdMinuteFigures => ({
  revision: 1,
  region: 'a',
  adId: 'ad',
  campaignId: 'campaign',
  advertiserId: 'advertiser',
  minute: NOON,
  currency: 'EUR',
  impressions: 10,
  clicks: 4,
  costMicros: 1000,
  ...parts,
});

const recordOf = (parts: Partial<AttributedOrder> = {}): AttributedOrder => ({
  recordId: 'r',
  revision: 1,
  region: 'a',
  orderId: 'o-1',
  orderVersion: 1,
  orderStatus: 'placed',
  orderTime: NOON,
  userId: 'u',
  merchantId: 'm',
  amountMicros: 5000,
  currency: 'EUR',
  model: 'last_touch',
  rank: 0,
  outcome: 'attributed',
  reason: null,
  creditMicros: 5000,
  adId: 'ad',
  campaignId: 'campaign',
  advertiserId: 'advertiser',
  touchEventId: 'e',
  touchType: 'click',
  touchTime: NOON - 1,
  touchRegion: 'a',
  enrichment: null,
  enrichmentStatus: null,
  ...parts,
});

const ALL: PerformanceQuery = { from: 0, to: 2 * NOON, groupBy: 'ad', model: 'linear', limit: 1000 };

const ask = (source: PerformanceSource, query: Partial<PerformanceQuery> = {}): Promise<PerformanceReport> =>
  queryPerformance(source, { ...ALL, ...query }, AT_ONCE);

describe('performance', () => {
  test('holds cost and clicks against credits and orders', async () => {
    const linear = (rank: number, parts: Partial<AttributedOrder>): AttributedOrder =>
      recordOf({ model: 'linear', rank, ...parts });
    const source = holding(
      [minuteOf(), minuteOf({ minute: NOON + 60_000, clicks: 0 })],
      [
        // Two touches of one ad are one order; a rank without credit is none, and another model is not asked for.
        [recordOf(), linear(0, { creditMicros: 3000 }), linear(1, { creditMicros: 2000 })],
        [linear(0, { creditMicros: 1000 }), linear(1, { creditMicros: 0, adId: 'other' })],
      ],
    );
    expect(await ask(source)).toEqual({
      groupBy: 'ad',
      model: 'linear',
      rows: [
        {
          id: 'ad',
          currency: 'EUR',
          impressions: 20,
          clicks: 4,
          costMicros: 2000n,
          orders: 2,
          revenueMicros: 6000n,
          cvr: 0.5,
          roas: 3,
        },
      ],
      found: 1,
      asOf: '2026-01-31T12:00:00.000Z',
    });
  });

  test('has no rate where there is nothing to divide by', async () => {
    const { rows } = await ask(
      holding([minuteOf({ adId: 'seen', clicks: 0, costMicros: 0 })], [[recordOf()]]),
      { model: 'last_touch' },
    );
    expect(rows).toMatchObject([
      { id: 'ad', clicks: 0, orders: 1, cvr: null, roas: null },
      { id: 'seen', orders: 0, revenueMicros: 0n, cvr: null, roas: null },
    ]);
  });

  test('adds up money exactly past 2^53', async () => {
    const minutes = Array.from({ length: 3 }, () => minuteOf({ costMicros: MOST }));
    const orders = Array.from({ length: 5 }, () => [recordOf({ creditMicros: MOST })]);
    const { rows } = await ask(holding(minutes, orders), { model: 'last_touch' });
    expect(rows).toMatchObject([{ costMicros: 3n * BigInt(MOST), revenueMicros: 5n * BigInt(MOST) }]);
  });

  test('refuses an empty range, and says how many rows there are beyond the limit', async () => {
    const source = holding([minuteOf({ adId: 'x' }), minuteOf({ adId: 'y', costMicros: 1001 })], []);
    await expect(ask(source, { from: NOON, to: NOON })).rejects.toMatchObject({ code: 'bad_request' });
    expect(await ask(source, { limit: 1 })).toMatchObject({ rows: [{ id: 'y' }], found: 2 });
  });

  test('lets others have their turn', async () => {
    let [turns, clock] = [0, 0];
    const busy = {
      monotonicMs: () => (clock += 10),
      turn: () => {
        turns++;
        return Promise.resolve();
      },
    };
    const source = holding(
      Array.from({ length: 2048 }, () => minuteOf()),
      Array.from({ length: 1024 }, () => [recordOf()]),
    );
    await queryPerformance(source, ALL, busy);
    expect(turns).toBe(6);
  });
});

const name = fc.constantFrom('x', 'y', 'z');
const ids = { adId: name, campaignId: name, advertiserId: name, currency: fc.constantFrom('EUR', 'USD') };
const time = fc.integer({ min: 0, max: 6 });
const money = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: MOST - 9, max: MOST }));
const someMinute = fc
  .record({ ...ids, minute: time, impressions: fc.nat(3), clicks: fc.nat(3), costMicros: money })
  .map(minuteOf);
const someRecord = fc
  .record({ ...ids, model: fc.constantFrom('linear' as const, 'last_touch' as const), creditMicros: money })
  .map(recordOf);
const noTouch = fc.constant(
  recordOf({ model: 'linear', creditMicros: 0, adId: null, campaignId: null, advertiserId: null }),
);
const someOrder = fc
  .tuple(fc.array(fc.oneof(someRecord, noTouch), { maxLength: 4 }), time, fc.uuid())
  .map(([records, orderTime, orderId]) => records.map((one) => ({ ...one, orderTime, orderId })));
const someQuery = fc
  .record({
    groupBy: fc.constantFrom(...PERFORMANCE_GROUPS),
    model: fc.constantFrom('linear' as const, 'last_touch' as const),
    from: time,
    length: fc.integer({ min: 1, max: 6 }),
    adId: fc.option(name, { nil: undefined }),
    campaignId: fc.option(name, { nil: undefined }),
  })
  .map(({ length, ...query }): PerformanceQuery => ({ ...query, to: query.from + length, limit: 1000 }));

const sum = (values: readonly number[]): bigint => values.reduce((total, one) => total + BigInt(one), 0n);

/** Row by row: for each name and currency, everything is looked through again. */
function naively(
  minutes: readonly AdMinuteFigures[],
  orders: readonly AttributedOrder[],
  query: PerformanceQuery,
): Map<string, unknown> {
  const key = `${query.groupBy}Id` as const;
  const inRange = (at: number): boolean => at >= query.from && at < query.to;
  const ads = minutes.filter((one) => inRange(one.minute) && isWanted(query, one));
  const credits = orders.filter(
    (one) =>
      inRange(one.orderTime) && one.model === query.model && one.creditMicros > 0 && isWanted(query, one),
  );
  const places = new Set([...ads, ...credits].map((one) => `${one[key]} ${one.currency}`));
  const isAt = (place: string) => (one: AdMinuteFigures | AttributedOrder) =>
    `${one[key]} ${one.currency}` === place;
  return new Map(
    [...places].map((place) => {
      const [here, bought] = [ads.filter(isAt(place)), credits.filter(isAt(place))];
      const clicks = Number(sum(here.map((one) => one.clicks)));
      const costMicros = sum(here.map((one) => one.costMicros));
      const count = new Set(bought.map(({ orderId }) => orderId)).size;
      const revenueMicros = sum(bought.map(({ creditMicros }) => creditMicros));
      const row = {
        id: place.slice(0, -4),
        currency: place.slice(-3),
        impressions: Number(sum(here.map((one) => one.impressions))),
        clicks,
        costMicros,
        orders: count,
        revenueMicros,
        cvr: clicks > 0 ? count / clicks : null,
        roas: costMicros > 0n ? Number(revenueMicros) / Number(costMicros) : null,
      };
      return [place, row];
    }),
  );
}

test('is what a naive computation gives', async () => {
  const world = fc.tuple(fc.array(someMinute), fc.array(someOrder), someQuery);
  await fc.assert(
    fc.asyncProperty(world, async ([minutes, orders, query]) => {
      const { rows, found } = await queryPerformance(holding(minutes, orders), query, AT_ONCE);
      expect(found).toBe(rows.length);
      const byPlace = new Map(rows.map((row) => [`${row.id} ${row.currency}`, row]));
      expect(byPlace).toEqual(naively(minutes, orders.flat(), query));
      const revenues = rows.map(({ revenueMicros }) => revenueMicros);
      expect(revenues).toEqual(revenues.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    }),
    { numRuns: 500 },
  );
});
