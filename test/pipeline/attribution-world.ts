import fc from 'fast-check';
import { DAY_MS } from '../../src/base/units.ts';
import { ATTRIBUTION_MODELS } from '../../src/model/attributed-order.ts';
import type { Order } from '../../src/model/order.ts';
import type { Touch } from '../../src/model/touch.ts';
import type { AttributionRules } from '../../src/pipeline/attribution.ts';

export const NOON = Date.UTC(2026, 0, 15, 12);

export const RULES: AttributionRules = {
  clickWindowMs: 7 * DAY_MS,
  viewWindowMs: DAY_MS,
  maxOrderAgeMs: DAY_MS,
  maxClockSkewMs: 600_000,
  merchantMatch: 'same',
  models: ATTRIBUTION_MODELS,
  timeDecayHalfLifeMs: DAY_MS,
  touchesMax: 100,
  defaultCurrency: 'EUR',
};

export function orderOf(changes: Partial<Order> = {}): Order {
  return {
    orderId: 'o-1',
    orderVersion: 1,
    orderStatus: 'placed',
    orderTime: NOON,
    userId: 'u-1',
    merchantId: 'm-1',
    amountMicros: 10_000_000,
    currency: 'EUR',
    ...changes,
  };
}

export function clickOf(eventId: string, changes: Partial<Touch> = {}): Touch {
  return {
    eventId,
    eventType: 'click',
    eventTime: NOON - 1000,
    adId: 'ad-1',
    campaignId: 'c-1',
    advertiserId: 'v-1',
    merchantId: 'm-1',
    region: 'a',
    ...changes,
  };
}

export function viewOf(eventId: string, changes: Partial<Touch> = {}): Touch {
  return clickOf(eventId, { eventType: 'impression', ...changes });
}

/** Rules so tight that the touches below lie on every side of every edge. */
export const tightRules: fc.Arbitrary<AttributionRules> = fc.record({
  clickWindowMs: fc.constantFrom(1, 3, 10, 60),
  viewWindowMs: fc.constantFrom(0, 2, 5, 80),
  maxOrderAgeMs: fc.constantFrom(5, 50),
  maxClockSkewMs: fc.constantFrom(0, 5),
  merchantMatch: fc.constantFrom('same', 'any'),
  models: fc.shuffledSubarray([...ATTRIBUTION_MODELS], { minLength: 1 }),
  timeDecayHalfLifeMs: fc.constantFrom(1, 3, 7, 1000),
  touchesMax: fc.constantFrom(1, 2, 3, 100),
  defaultCurrency: fc.constant('EUR'),
});

/** Names whose bytes are in another order than their UTF-16 units. */
const someName = fc.constantFrom('a', 'b', 'ab', 'ｚ', '😀', '|', '\\');
const merchant = fc.constantFrom('m-1', 'm-2');
export const amount = fc.oneof(
  fc.nat({ max: 10 }),
  fc.constantFrom(0, 1, 2 ** 53 - 1, 10_000_001),
  fc.maxSafeNat(),
);

export const someTouch: fc.Arbitrary<Touch> = fc.record({
  eventId: someName,
  eventType: fc.constantFrom('click', 'impression', 'impression'),
  eventTime: fc.integer({ min: 80, max: 115 }),
  adId: someName,
  campaignId: someName,
  advertiserId: someName,
  merchantId: fc.oneof(merchant, fc.constant(null)),
  region: fc.constantFrom('a', 'b'),
});

/** Touches of one user; a region counts an event id once. */
export const someTouches = fc.uniqueArray(someTouch, {
  selector: ({ eventId, region }) => `${eventId} ${region}`,
  maxLength: 12,
});

export const someOrder: fc.Arbitrary<Order> = fc.record({
  orderId: fc.constantFrom('o-1', 'o|2', 'o-3'),
  orderVersion: fc.integer({ min: 1, max: 3 }),
  orderStatus: fc.constantFrom('placed', 'placed', 'refunded', 'cancelled'),
  orderTime: fc.integer({ min: 95, max: 112 }),
  userId: fc.constantFrom('u-1', 'u-2'),
  merchantId: merchant,
  amountMicros: amount,
  currency: fc.constantFrom('EUR', 'USD'),
});
