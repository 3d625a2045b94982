import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/base/units.ts';
import type { TouchExplanation } from '../../src/model/touch.ts';
import { explain } from '../../src/pipeline/attribution-explanation.ts';
import { consideredRange, decide } from '../../src/pipeline/attribution.ts';
import {
  NOON,
  RULES,
  clickOf,
  orderOf,
  someOrder,
  someTouches,
  tightRules,
  viewOf,
} from './attribution-world.ts';

test('every touch that was looked at is explained, the latest first', () => {
  const touches = [
    clickOf('too old', { eventTime: NOON - 7 * DAY_MS - 1 }),
    clickOf('surplus', { eventTime: NOON - 5 * DAY_MS }),
    viewOf('old view', { eventTime: NOON - 2 * DAY_MS }),
    clickOf('second', { eventTime: NOON - DAY_MS }),
    clickOf('nowhere', { eventTime: NOON - 5000, merchantId: null }),
    clickOf('elsewhere', { eventTime: NOON - 4000, merchantId: 'm-2' }),
    clickOf('first', { eventTime: NOON - 3000 }),
    viewOf('view', { eventTime: NOON - 2000 }),
    clickOf('after', { eventTime: NOON + 1 }),
  ];
  const rules = { ...RULES, touchesMax: 2, models: ['last_touch', 'linear'] as const };
  const lines = explain(orderOf(), touches, rules).map(({ touch, eligible, reason, credits, message }) => [
    touch.eventId,
    eligible,
    reason,
    credits.map(({ creditMicros }) => creditMicros),
    message,
  ]);
  expect(lines).toEqual([
    ['after', false, 'after_order', [], 'This click came after the order.'],
    [
      'view',
      true,
      'beaten_by_click',
      [],
      'This impression was in time, but so was a click, and a click beats an impression.',
    ],
    [
      'first',
      true,
      null,
      [10_000_000, 5_000_000],
      "Of the order's 10000000 micros of EUR this click gets 10000000 by last_touch and 5000000 by linear.",
    ],
    ['elsewhere', false, 'other_merchant', [], "This click was for another merchant than the order's."],
    [
      'nowhere',
      false,
      'other_merchant',
      [],
      "This click names no merchant, and only touches of the order's merchant count.",
    ],
    [
      'second',
      true,
      null,
      [5_000_000],
      "Of the order's 10000000 micros of EUR this click gets 5000000 by linear.",
    ],
    [
      'old view',
      false,
      'outside_window',
      [],
      'This impression came too long before the order: the window of impressions is 1d.',
    ],
    [
      'surplus',
      true,
      'beyond_touches_max',
      [],
      'This click was in time, but only the latest 2 touches share the credit.',
    ],
  ]);
});

test('a view is not said to be beaten by a click where there is none', () => {
  const views = [viewOf('a'), viewOf('b'), clickOf('elsewhere', { merchantId: 'm-2' })];
  const explained = explain(orderOf(), views, { ...RULES, touchesMax: 1 });
  expect(explained.map(({ reason }) => reason)).toEqual([null, 'beyond_touches_max', 'other_merchant']);
});

test('a candidate without credit, and one of a cancelled order, say so', () => {
  const touches = [clickOf('a'), clickOf('b'), clickOf('c')];
  const rules = { ...RULES, models: ['last_touch', 'first_touch'] as const };
  const messages = explain(orderOf({ orderStatus: 'cancelled' }), touches, rules).map(
    ({ message }) => message,
  );
  expect(messages).toEqual([
    'This click led to the order by last_touch; the order is cancelled, so the credit is 0.',
    'This click was in time, but another touch gets all the credit by last_touch and first_touch.',
    'This click led to the order by first_touch; the order is cancelled, so the credit is 0.',
  ]);
});

/** What the explanations of all touches say about an order as a whole. */
function reasonOf(explanations: readonly TouchExplanation[]): string {
  const reasons = new Set(explanations.map(({ reason }) => reason));
  const nearest = (['other_merchant', 'outside_window', 'after_order'] as const).find((reason) =>
    reasons.has(reason),
  );
  return nearest ?? 'no_touch';
}

test('the explanation is that of the decision', () => {
  fc.assert(
    fc.property(someOrder, someTouches, tightRules, (order, touches, rules) => {
      const explanations = explain(order, touches, rules);
      const { from, to } = consideredRange(order.orderTime, rules);
      const considered = touches.filter(({ eventTime }) => eventTime >= from && eventTime <= to);
      expect(new Set(explanations.map(({ touch }) => touch))).toEqual(new Set(considered));
      for (const model of rules.models) {
        const decision = decide(order, touches, model, rules);
        const explained = explanations
          .flatMap(({ touch, credits }) => credits.map((credit) => ({ touch, ...credit })))
          .filter((credit) => credit.model === model)
          .toSorted((a, b) => a.rank - b.rank);
        expect(explained).toEqual(decision.credits.map((credit) => ({ ...credit, model })));
        const hasCandidate = explanations.some(({ reason }) => reason === null);
        expect(decision.reason).toBe(hasCandidate ? null : reasonOf(explanations));
      }
      const wrong = explanations.filter(
        ({ eligible, reason, credits }) =>
          (reason === null && !eligible) || (reason !== null && credits.length > 0),
      );
      expect(wrong).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
