import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttributionModel, AttributedOrder } from '../../src/model/attributed-order.ts';
import { ORDER_FIELDS, parseOrder, type Order } from '../../src/model/order.ts';
import { attributedOrderRecordId } from '../../src/model/record-id.ts';
import type { Touch } from '../../src/model/touch.ts';
import { AttributionOracle, type OracleAttributedOrder } from '../../src/oracle/attribution-oracle.ts';
import type { OracleTouch } from '../../src/oracle/oracle-credits.ts';
import { readOracleOrder } from '../../src/oracle/order-reader.ts';
import { attributedOrderUuid } from '../../src/oracle/record-uuid.ts';
import { decide, judgeOrder, type AttributionRules } from '../../src/pipeline/attribution.ts';
import {
  NOON,
  RULES,
  clickOf,
  orderOf,
  someOrder,
  someTouch,
  tightRules,
  viewOf,
} from '../pipeline/attribution-world.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function verdictsOf(oracle: AttributionOracle, arrivalMs: number, ...orders: unknown[]): string[] {
  return orders.map((order) => oracle.takeOrder(bytesOf(order), arrivalMs).code);
}

const at = (orderTime: number, orderId: string): Order => orderOf({ orderTime, orderId });

describe('the oracle attributes', () => {
  const touches = [
    { ...viewOf('view'), userId: 'u-1' },
    { ...clickOf('click', { eventTime: NOON - 5000 }), userId: 'u-1' },
    { ...clickOf('early', { eventTime: NOON - 9000 }), userId: 'u-1' },
    { ...clickOf('of another user'), userId: 'u-2' },
  ];
  const rules = { ...RULES, models: ['last_touch', 'linear'] as const };

  test('an order to the touches of its user, whichever came first', () => {
    const oracle = new AttributionOracle('a', rules);
    oracle.takeTouch(touches[2]);
    verdictsOf(oracle, NOON, orderOf({ amountMicros: 5 }));
    for (const touch of [touches[0], touches[1], touches[3]]) oracle.takeTouch(touch);
    const records = [...oracle.records().values()];
    expect(
      records.map(({ model, rank, touchEventId, creditMicros }) => [model, rank, touchEventId, creditMicros]),
    ).toEqual([
      ['last_touch', 0, 'click', 5],
      ['linear', 0, 'click', 3],
      ['linear', 1, 'early', 2],
    ]);
    expect(records[0]).toEqual({
      recordId: attributedOrderUuid('a', 'o-1', 'last_touch', 0),
      region: 'a',
      ...orderOf({ amountMicros: 5 }),
      model: 'last_touch',
      rank: 0,
      outcome: 'attributed',
      reason: null,
      creditMicros: 5,
      adId: 'ad-1',
      campaignId: 'c-1',
      advertiserId: 'v-1',
      touchEventId: 'click',
      touchType: 'click',
      touchTime: NOON - 5000,
      touchRegion: 'a',
    });
  });

  test('by the newest version that was accepted', () => {
    const oracle = new AttributionOracle('a', rules);
    for (const touch of touches) oracle.takeTouch(touch);
    const cancelled = orderOf({ orderVersion: 2, orderStatus: 'cancelled' });
    const elsewhere = orderOf({ orderVersion: 3, merchantId: 'm-9' });
    expect(
      verdictsOf(
        oracle,
        NOON,
        orderOf(),
        cancelled,
        orderOf(),
        cancelled,
        { ...cancelled, userId: 'u-2' },
        {},
      ),
    ).toEqual(['accepted', 'accepted', 'stale', 'duplicate', 'conflict', 'missing_field']);
    expect([...oracle.records().values()].map(({ creditMicros }) => creditMicros)).toEqual([0, 0, 0]);
    expect(verdictsOf(oracle, NOON, elsewhere)).toEqual(['accepted']);
    // Rank 1 of the linear model has gone.
    expect([...oracle.records().values()]).toMatchObject([
      { model: 'last_touch', rank: 0, reason: 'other_merchant', creditMicros: 0, adId: null },
      { model: 'linear', rank: 0, reason: 'other_merchant', creditMicros: 0, touchRegion: null },
    ]);
  });

  test('no order that is too old or too far ahead', () => {
    const oracle = new AttributionOracle('a', rules);
    const edges = [NOON - rules.maxOrderAgeMs, NOON + rules.maxClockSkewMs];
    const orders = [at(edges[0], '1'), at(edges[0] - 1, '2'), at(edges[1], '3'), at(edges[1] + 1, '4')];
    expect(verdictsOf(oracle, NOON, ...orders)).toEqual(['accepted', 'late', 'accepted', 'future']);
    expect(verdictsOf(oracle, NOON, { ...orders[1], orderId: '1', orderVersion: 2 })).toEqual(['accepted']);
    expect([...oracle.orders().keys()]).toEqual(['1', '3']);
  });

  test('no order of a time whose orders are forgotten, whatever its clock says', () => {
    const oracle = new AttributionOracle('a', rules);
    verdictsOf(oracle, NOON, at(NOON - 1, '1'), at(NOON, '2'));
    oracle.dropOrdersBefore(NOON);
    oracle.dropOrdersBefore(NOON - 9);
    expect([...oracle.orders().keys()]).toEqual(['2']);
    expect(oracle.recordsOf('1')).toEqual([]);
    expect(verdictsOf(oracle, NOON, at(NOON - 1, '3'), at(NOON, '4'))).toEqual(['late', 'accepted']);
  });
});

/** What comes in: an order at a time of arrival, or a touch. */
type Arrival = { readonly order: Order; readonly arrivalMs: number } | { readonly touch: OracleTouch };

const userId = fc.constantFrom('u-1', 'u-2');
const touchArrivals = fc.uniqueArray(
  fc.tuple(someTouch, userId).map(([touch, user]) => ({ touch: { ...touch, userId: user } })),
  { selector: ({ touch }) => `${touch.eventId} ${touch.region}`, maxLength: 14 },
);
const orderArrivals = fc.array(
  fc.record({ order: someOrder, arrivalMs: fc.integer({ min: 90, max: 130 }) }),
  { maxLength: 8 },
);
const shuffled = <T>(all: T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
const arrivals: fc.Arbitrary<Arrival[]> = fc
  .tuple(touchArrivals, orderArrivals)
  .chain(([touches, orders]) => shuffled<Arrival>([...touches, ...orders]));

/** Runs the rules of the pipeline over the arrivals, with plain maps. */
function runRules(
  all: readonly Arrival[],
  rules: AttributionRules,
): { verdicts: string[]; records: unknown } {
  const orders = new Map<string, Order>();
  const verdicts: string[] = [];
  for (const arrival of all) {
    if (!('order' in arrival)) continue;
    const { order, arrivalMs } = arrival;
    const verdict = judgeOrder(order, orders.get(order.orderId) ?? null, arrivalMs, rules);
    verdicts.push(verdict);
    if (verdict === 'accepted') orders.set(order.orderId, order);
  }
  const touches = all.flatMap((arrival) => ('touch' in arrival ? [arrival.touch] : []));
  const records = [...orders.values()].flatMap((order) =>
    rules.models.flatMap((model) =>
      recordsOf(
        order,
        touches.filter((touch) => touch.userId === order.userId),
        model,
        rules,
      ),
    ),
  );
  return { verdicts, records: new Map(records.map((record) => [record.recordId, record])) };
}

type Content = Omit<AttributedOrder, 'revision' | 'enrichment' | 'enrichmentStatus'>;

function recordsOf(
  order: Order,
  touches: readonly Touch[],
  model: AttributionModel,
  rules: AttributionRules,
): Content[] {
  const { outcome, reason, credits } = decide(order, touches, model, rules);
  const shares = credits.length > 0 ? credits : [{ touch: null, rank: 0, creditMicros: 0 }];
  return shares.map(({ touch, rank, creditMicros }) => ({
    recordId: attributedOrderRecordId('a', order.orderId, model, rank),
    region: 'a',
    ...order,
    model,
    rank,
    outcome,
    reason,
    creditMicros,
    adId: touch?.adId ?? null,
    campaignId: touch?.campaignId ?? null,
    advertiserId: touch?.advertiserId ?? null,
    touchEventId: touch?.eventId ?? null,
    touchType: touch?.eventType ?? null,
    touchTime: touch?.eventTime ?? null,
    touchRegion: touch?.region ?? null,
  }));
}

function runOracle(
  all: readonly Arrival[],
  rules: AttributionRules,
): { verdicts: string[]; records: Map<string, OracleAttributedOrder> } {
  const oracle = new AttributionOracle('a', rules);
  const verdicts: string[] = [];
  for (const arrival of all) {
    if ('touch' in arrival) oracle.takeTouch(arrival.touch);
    else verdicts.push(oracle.takeOrder(bytesOf(arrival.order), arrival.arrivalMs).verdict);
  }
  return { verdicts, records: oracle.records() };
}

/** Made apart, they must agree on any world. */
describe('the oracle and the rules agree', () => {
  test('on verdicts, winners, credits and reasons', () => {
    fc.assert(
      fc.property(arrivals, tightRules, (all, rules) => {
        expect(runOracle(all, rules)).toEqual(runRules(all, rules));
      }),
      { numRuns: 2000 },
    );
  });

  test('and on one end for every order of arrival', () => {
    const versions = fc
      .uniqueArray(someOrder, {
        selector: ({ orderId, orderVersion }) => `${orderId} ${orderVersion}`,
        maxLength: 6,
      })
      // All of them arrive in time, and again.
      .map((orders) => [...orders, ...orders].map((order) => ({ order, arrivalMs: order.orderTime })));
    const worlds = fc
      .tuple(touchArrivals, versions)
      .map(([touches, orders]): Arrival[] => [...touches, ...orders])
      .chain((all) => fc.tuple(fc.constant(all), shuffled(all)));
    fc.assert(
      fc.property(worlds, tightRules, ([all, others], rules) => {
        const { records } = runRules(others, rules);
        expect(records).toEqual(runRules(all, rules).records);
        expect(runOracle(others, rules).records).toEqual(records);
      }),
      { numRuns: 1000 },
    );
  });

  const oddValue = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.double(),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom(null, true, [], {}, -0, 2 ** 53, 2 ** 53 - 1, '', 'x'.repeat(129), 'refunded', 'USD'),
    fc.constantFrom('2026-01-31T12:00:00Z', '2026-02-30T12:00:00Z', '\ud800', '😀'.repeat(128)),
  );
  const changed = fc
    .tuple(fc.dictionary(fc.constantFrom(...ORDER_FIELDS, 'items', 'adId'), oddValue), fc.nat({ max: 5 }))
    .map(([changes, repeats]) => {
      const { orderVersion: _, orderStatus: __, ...order } = orderOf();
      const text = JSON.stringify({ ...order, ...changes });
      return repeats === 0 ? text.replace('{', '{"us\\u0065rId":"z",') : text;
    });
  const damaged = fc
    .tuple(changed, fc.nat(), fc.nat({ max: 255 }))
    .map(([text, position, byte]) => new TextEncoder().encode(text).with(position % text.length, byte));
  const anyBytes = fc.oneof(
    changed.map((text) => new TextEncoder().encode(text)),
    fc.json().map((text) => new TextEncoder().encode(text)),
    damaged,
  );

  test('on what an order is', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const theirs = parseOrder(bytes, { defaultCurrency: 'EUR' });
        expect(readOracleOrder(bytes, 'EUR')).toEqual(
          theirs.ok
            ? { order: theirs.order, code: null, orderId: theirs.order.orderId }
            : { order: null, code: theirs.problem.code, orderId: theirs.problem.orderId },
        );
      }),
      { numRuns: 5000 },
    );
  });

  test('on record ids', () => {
    const name = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.stringMatching(/^[a|\\]{1,8}$/));
    fc.assert(
      fc.property(name, name, fc.nat(), (region, orderId, rank) => {
        expect(attributedOrderUuid(region, orderId, 'time_decay', rank)).toBe(
          attributedOrderRecordId(region, orderId, 'time_decay', rank),
        );
      }),
    );
    // Written down once, so that no two mistakes can agree: SHA-256 of `attributed-order|a|o-1|last_touch|0`.
    expect(attributedOrderRecordId('a', 'o-1', 'last_touch', 0)).toBe('83810d4a-bfd8-881e-934e-004729e6f609');
  });
});
