import { minuteOf } from '../../model/event-time.ts';
import { orderRulesOf, touchRetentionMs } from '../../pipeline/order-rules.ts';
import type { OracleEvent } from '../../oracle/event-reader.ts';
import { expectEqual, expectThat, type RegionAtRest } from '../checkers/checker.ts';
import { attributedOrdersOf } from '../checkers/true-orders.ts';
import { touchesFrom } from '../checkers/true-touches.ts';
import type { PairPlan } from './pair-plan.ts';

/** Where nothing happens, regions tell each other the time so often at least, ms. */
const PROGRESS_MS_MAX = 25_000;

interface Sums {
  impressions: number;
  clicks: number;
  costMicros: number;
}

/**
 * Both regions together hold one truth, said without any of their rules: what the first one has counted is its own, and of what
 * the second one has counted, that which the first one has not. Both know all touches, and each order is of one region.
 */
export function expectOneTruth(
  rests: readonly [RegionAtRest, RegionAtRest],
  { spec, isRemembered }: PairPlan,
): void {
  const [a, b] = rests;
  expectHeard(rests);
  // With short windows ids are forgotten, and what a peer has not taken is let go.
  if (!isRemembered) return;
  for (const { region } of rests) {
    expectEqual(`blocks that ${region.name} has missed`, region.status().peer!.blocksMissed, 0);
  }
  const countedByA = new Set(a.truth.counted.map(({ eventId }) => eventId));
  expectCells(a, a.truth.counted);
  expectCells(
    b,
    b.truth.counted.filter(({ eventId }) => !countedByA.has(eventId)),
  );
  expectSameTouches(rests, touchRetentionMs(orderRulesOf(spec)));
  expectOneOwner(rests);
}

/** Nothing of the one region is left that the other one has not taken in. */
function expectHeard(rests: readonly [RegionAtRest, RegionAtRest]): void {
  for (const [n, { region }] of rests.entries()) {
    const { through, ack } = region.status().peer!;
    const other = rests[1 - n].region;
    const isUpToDate = through + PROGRESS_MS_MAX >= other.asOf();
    expectThat(isUpToDate, () => `${region.name} has heard up to ${through} only, of ${other.asOf()}`);
    expectThat(ack > 0, () => `${region.name} does not know what the other one has heard`);
  }
}

function expectCells({ region, truth }: RegionAtRest, counted: readonly OracleEvent[]): void {
  const expected = new Map<string, Sums>();
  for (const event of counted) {
    const minute = minuteOf(event.eventTime);
    if (minute < truth.oracle.retiredBefore) continue;
    const key = JSON.stringify([event.adId, minute, event.currency]);
    const sums = expected.get(key) ?? { impressions: 0, clicks: 0, costMicros: 0 };
    expected.set(key, sums);
    if (event.eventType === 'click') sums.clicks++;
    else sums.impressions++;
    sums.costMicros += event.costMicros;
  }
  for (const record of region.adMinutes({ from: 0, to: Number.MAX_SAFE_INTEGER })) {
    const { adId, minute, currency, impressions, clicks, costMicros } = record;
    const key = JSON.stringify([adId, minute, currency]);
    // A record from which all was taken stays, with zeros.
    const sums = expected.get(key) ?? { impressions: 0, clicks: 0, costMicros: 0 };
    expected.delete(key);
    expectEqual(`${region.name}: ${key}`, { impressions, clicks, costMicros }, sums);
  }
  expectEqual(`${region.name}: records that are missing`, [...expected.keys()], []);
}

function expectSameTouches(rests: readonly [RegionAtRest, RegionAtRest], retentionMs: number): void {
  const [a, b] = rests;
  const from = Math.max(...rests.map(({ region }) => touchesFrom(region, retentionMs)), 0);
  const users = new Set(rests.flatMap(({ truth }) => truth.orders.usersWithTouches()));
  for (const user of users) {
    const [here, there] = [a, b].map(({ region }) => region.touches(user, from, Number.MAX_SAFE_INTEGER));
    expectEqual(`touches of ${user} in both regions`, here, there);
  }
}

/** Each order has records with something to say in one region, and both regions know its latest version. */
function expectOneOwner(rests: readonly [RegionAtRest, RegionAtRest]): void {
  const owners = new Map<string, Set<string>>();
  for (const { region } of rests) {
    for (const { orderId, outcome } of attributedOrdersOf(region)) {
      const known = owners.get(orderId) ?? new Set();
      owners.set(orderId, known);
      if (outcome !== 'yielded') known.add(region.name);
    }
  }
  for (const [orderId, names] of owners) expectEqual(`owners of ${orderId}`, names.size, 1);
  const [here, there] = rests.map(versionsOf);
  expectEqual('latest versions of orders', Object.fromEntries(here), Object.fromEntries(there));
}

function versionsOf({ truth }: RegionAtRest): Map<string, number> {
  return new Map([...truth.orders.orders()].map(([orderId, { orderVersion }]) => [orderId, orderVersion]));
}
