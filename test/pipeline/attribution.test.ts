import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/base/units.ts';
import { ATTRIBUTION_MODELS, type AttributionModel } from '../../src/model/attributed-order.ts';
import type { Order } from '../../src/model/order.ts';
import type { Touch } from '../../src/model/touch.ts';
import {
  attributionRulesOf,
  consideredRange,
  decide,
  judgeOrder,
  longestWindowMs,
} from '../../src/pipeline/attribution.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import {
  NOON,
  RULES,
  clickOf,
  orderOf,
  someOrder,
  someTouch,
  someTouches,
  tightRules,
  viewOf,
} from './attribution-world.ts';

const MOST = 2 ** 53 - 1;

/** The winners' ids with their credits, or the reason why there are none. */
function resultOf(
  touches: readonly Touch[],
  { order = {}, rules = {}, model = 'last_touch' }: Parts = {},
): unknown {
  const decision = decide(orderOf(order), touches, model, { ...RULES, ...rules });
  expect(decision.credits.map(({ rank }) => rank)).toEqual([...decision.credits.keys()]);
  expect(decision.outcome === 'attributed').toBe(decision.reason === null);
  return decision.reason ?? decision.credits.map(({ touch, creditMicros }) => [touch.eventId, creditMicros]);
}

interface Parts {
  readonly order?: Partial<Order>;
  readonly rules?: Partial<typeof RULES>;
  readonly model?: AttributionModel;
}

const winnerOf = (touches: readonly Touch[], parts: Parts = {}): unknown => {
  const result = resultOf(touches, parts);
  return Array.isArray(result) ? (result[0] as unknown[])[0] : result;
};

describe('the last touch', () => {
  test('is the latest before the order, and may be of its very millisecond', () => {
    const early = clickOf('early', { eventTime: NOON - DAY_MS });
    const late = clickOf('late', { eventTime: NOON });
    expect(resultOf([early, late])).toEqual([['late', 10_000_000]]);
    expect(winnerOf([early, clickOf('after', { eventTime: NOON + 1 })])).toBe('early');
  });

  test('is a click rather than a view, however much later the view', () => {
    const click = clickOf('click', { eventTime: NOON - 7 * DAY_MS });
    expect(winnerOf([viewOf('view', { eventTime: NOON }), click])).toBe('click');
    // A click that is not eligible itself beats nothing.
    expect(winnerOf([viewOf('view'), clickOf('click', { eventTime: NOON - 7 * DAY_MS - 1 })])).toBe('view');
    expect(winnerOf([viewOf('view'), clickOf('click', { merchantId: 'm-2' })])).toBe('view');
  });

  test.each([
    ['click', NOON - 7 * DAY_MS, 'x'],
    ['click', NOON - 7 * DAY_MS - 1, 'no_touch'],
    ['impression', NOON - DAY_MS, 'x'],
    ['impression', NOON - DAY_MS - 1, 'outside_window'],
  ] as const)('of a %s at %d is %s: the edge of the window belongs to it', (eventType, eventTime, winner) => {
    expect(winnerOf([clickOf('x', { eventType, eventTime })])).toBe(winner);
  });

  test('may be a view of the order’s own millisecond when the window of views is 0', () => {
    const rules = { viewWindowMs: 0 };
    expect(winnerOf([viewOf('x', { eventTime: NOON })], { rules })).toBe('x');
    expect(winnerOf([viewOf('x', { eventTime: NOON - 1 })], { rules })).toBe('outside_window');
  });

  test('of one time is the one whose id comes first in UTF-8, then whose region does', () => {
    const ids = ['ab', 'a', '😀', 'ｚ'];
    const touches = ids.map((id) => clickOf(id));
    expect(resultOf(touches, { model: 'linear', order: { amountMicros: 0 } })).toEqual([
      ['a', 0],
      ['ab', 0],
      ['ｚ', 0],
      ['😀', 0],
    ]);
    const twins = [clickOf('x', { region: 'b', adId: 'of b' }), clickOf('x', { region: 'a', adId: 'of a' })];
    expect(decide(orderOf(), twins, 'last_touch', RULES).credits[0].touch.adId).toBe('of a');
  });
});

describe('the merchant', () => {
  const other = clickOf('other', { merchantId: 'm-2' });
  const none = clickOf('none', { merchantId: null });

  test('must be the order’s own', () => {
    expect(winnerOf([other])).toBe('other_merchant');
    expect(winnerOf([none])).toBe('other_merchant');
    expect(winnerOf([other, viewOf('same', { eventTime: NOON - HOUR_MS })])).toBe('same');
  });

  test('may be any for a halo', () => {
    const rules = { merchantMatch: 'any' } as const;
    expect(winnerOf([other], { rules })).toBe('other');
    expect(winnerOf([none], { rules })).toBe('none');
  });
});

describe('an order without touch', () => {
  const after = clickOf('after', { eventTime: NOON + DAY_MS });
  const tooOld = viewOf('too old', { eventTime: NOON - 2 * DAY_MS });
  const elsewhere = clickOf('elsewhere', { merchantId: 'm-2' });

  test.each([
    ['no_touch', []],
    ['no_touch', [clickOf('x', { eventTime: NOON + DAY_MS + 1 })]],
    ['no_touch', [viewOf('x', { eventTime: NOON - 7 * DAY_MS - 1 })]],
    ['after_order', [after]],
    ['after_order', [{ ...after, merchantId: 'm-2' }]],
    ['outside_window', [after, tooOld]],
    ['outside_window', [after, { ...tooOld, merchantId: 'm-2' }]],
    ['outside_window', [viewOf('x', { eventTime: NOON - 7 * DAY_MS })]],
    ['other_merchant', [after, tooOld, elsewhere]],
  ])('says what came nearest: %s', (reason, touches) => {
    expect(winnerOf(touches)).toBe(reason);
    expect(winnerOf(touches.toReversed())).toBe(reason);
  });
});

describe('models', () => {
  const touches = [0, 1, 2].map((days) => clickOf(`${days}d`, { eventTime: NOON - days * DAY_MS }));
  const order = { amountMicros: 11 };

  test.each([
    ['last_touch', [['0d', 11]]],
    ['first_touch', [['2d', 11]]],
    [
      'linear',
      [
        ['0d', 4],
        ['1d', 4],
        ['2d', 3],
      ],
    ],
    // 4 : 2 : 1, so 6.29, 3.14 and 1.57: the last lost most by rounding down.
    [
      'time_decay',
      [
        ['0d', 6],
        ['1d', 3],
        ['2d', 2],
      ],
    ],
  ] as const)('%s', (model, credits) => {
    expect(resultOf(touches.toReversed(), { order, model })).toEqual(credits);
  });

  test('share among the latest touches only', () => {
    const rules = { touchesMax: 2 };
    expect(resultOf(touches, { order, rules, model: 'first_touch' })).toEqual([['1d', 11]]);
    expect(resultOf(touches, { order, rules, model: 'linear' })).toEqual([
      ['0d', 6],
      ['1d', 5],
    ]);
    const many = Array.from({ length: 250 }, (_, age) => clickOf(`${age}`, { eventTime: NOON - age }));
    const credits = decide(orderOf(), many.toReversed(), 'time_decay', RULES).credits;
    expect(credits.map(({ touch }) => touch.eventId)).toEqual(
      many.slice(0, 100).map((touch) => touch.eventId),
    );
  });

  test.each(ATTRIBUTION_MODELS)('%s shares any amount exactly', (model) => {
    for (const amountMicros of [0, 1, MOST]) {
      const credits = decide(orderOf({ amountMicros }), touches, model, RULES).credits;
      expect(credits.reduce((sum, credit) => sum + BigInt(credit.creditMicros), 0n)).toBe(
        BigInt(amountMicros),
      );
    }
  });

  test.each(ATTRIBUTION_MODELS)(
    '%s gives a cancelled order’s touches 0, a refunded one’s the rest',
    (model) => {
      const placed = decide(orderOf(order), touches, model, RULES).credits;
      const cancelled = decide(orderOf({ ...order, orderStatus: 'cancelled' }), touches, model, RULES);
      expect(cancelled).toEqual({
        outcome: 'attributed',
        reason: null,
        credits: placed.map((credit) => ({ ...credit, creditMicros: 0 })),
      });
      const refunded = decide(orderOf({ ...order, orderStatus: 'refunded' }), touches, model, RULES);
      expect(refunded.credits).toEqual(placed);
    },
  );
});

describe('whatever the touches', () => {
  const model = fc.constantFrom(...ATTRIBUTION_MODELS);

  test('the credits sum to the amount, and no more touches share than may', () => {
    fc.assert(
      fc.property(someOrder, someTouches, model, tightRules, (order, touches, by, rules) => {
        const { outcome, credits } = decide(order, touches, by, rules);
        const sum = credits.reduce((micros, credit) => micros + BigInt(credit.creditMicros), 0n);
        const isWorth = outcome === 'attributed' && order.orderStatus !== 'cancelled';
        expect(sum).toBe(isWorth ? BigInt(order.amountMicros) : 0n);
        expect(credits.length).toBeLessThanOrEqual(rules.touchesMax);
        expect(credits.every(({ touch }) => touch.eventTime <= order.orderTime)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('the order in which they come makes no difference', () => {
    const shuffled = someTouches.chain((touches) =>
      fc.tuple(
        fc.constant(touches),
        fc.shuffledSubarray(touches, { minLength: touches.length, maxLength: touches.length }),
      ),
    );
    fc.assert(
      fc.property(someOrder, shuffled, model, tightRules, (order, [touches, others], by, rules) => {
        expect(decide(order, others, by, rules)).toEqual(decide(order, touches, by, rules));
      }),
      { numRuns: 2000 },
    );
  });

  test('those outside the considered range make no difference', () => {
    const outside = fc.array(fc.tuple(someTouch, fc.integer({ min: 1, max: 5 }), fc.boolean()));
    fc.assert(
      fc.property(someOrder, someTouches, outside, model, tightRules, (order, touches, more, by, rules) => {
        const { from, to } = consideredRange(order.orderTime, rules);
        const strangers = more
          .map(([touch, byMs, isAfter]) => ({ ...touch, eventTime: isAfter ? to + byMs : from - byMs }))
          .filter((touch) => touch.eventTime < from || touch.eventTime > to);
        const inside = touches.filter(({ eventTime }) => eventTime >= from && eventTime <= to);
        expect(decide(order, [...strangers, ...touches], by, rules)).toEqual(
          decide(order, inside, by, rules),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a version of an order', () => {
  const known = orderOf({ orderVersion: 3 });
  const judge = (changes: Partial<Order>, before: Order | null = known, arrival = NOON): string =>
    judgeOrder(orderOf(changes), before, arrival, RULES);

  test('is judged by the one that is known', () => {
    expect(judge({ orderVersion: 4 })).toBe('accepted');
    expect(judge({ orderVersion: 3 })).toBe('duplicate');
    expect(judge({ orderVersion: 3, amountMicros: 1 })).toBe('conflict');
    expect(judge({ orderVersion: 2 })).toBe('stale');
    expect(judge({ orderVersion: 2 }, null)).toBe('accepted');
  });

  test('is late only when the order is not known', () => {
    const tooOld = { orderVersion: 4, orderTime: NOON - DAY_MS - 1 };
    expect(judge({ orderTime: NOON - DAY_MS }, null)).toBe('accepted');
    expect(judge(tooOld, null)).toBe('late');
    expect(judge(tooOld)).toBe('accepted');
  });

  test('is future by its time, unless nothing of it is new', () => {
    expect(judge({ orderTime: NOON + 600_000 }, null)).toBe('accepted');
    expect(judge({ orderTime: NOON + 600_001 }, null)).toBe('future');
    expect(judge({ orderTime: NOON + 600_001, orderVersion: 4 })).toBe('future');
    // The clock went back since it was accepted.
    expect(judge({ orderVersion: 3 }, known, NOON - DAY_MS)).toBe('duplicate');
  });
});

test('the rules are those of the spec', () => {
  const rules = attributionRulesOf(
    resolveSpec(
      { maxClockSkew: '3m', defaultCurrency: 'USD', attribution: { clickWindow: '2h', viewWindow: '3h' } },
      { environment: {}, flags: {} },
    ),
  );
  expect(rules).toEqual({
    clickWindowMs: 2 * HOUR_MS,
    viewWindowMs: 3 * HOUR_MS,
    maxOrderAgeMs: DAY_MS,
    maxClockSkewMs: 180_000,
    merchantMatch: 'same',
    models: ['last_touch'],
    timeDecayHalfLifeMs: DAY_MS,
    touchesMax: 100,
    defaultCurrency: 'USD',
  });
  expect(longestWindowMs(rules)).toBe(3 * HOUR_MS);
  expect(longestWindowMs(RULES)).toBe(7 * DAY_MS);
  expect(consideredRange(NOON, rules)).toEqual({ from: NOON - 3 * HOUR_MS, to: NOON + 3 * HOUR_MS });
  expect(consideredRange(5, rules).from).toBe(0);
});
