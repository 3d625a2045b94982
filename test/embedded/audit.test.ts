import { describe, expect, test } from 'vitest';
import { type Books, differencesIn } from '../../src/embedded/audit.ts';
import type { CellSums, OrderCounts } from '../../src/embedded/ports.ts';
import { noOrderVerdicts } from '../../src/model/order-receipt.ts';
import { type VerdictCounts, noVerdicts } from '../../src/model/verdict.ts';

const MINUTE = Date.UTC(2026, 0, 31, 12);

const verdicts = (counts: Partial<VerdictCounts>): VerdictCounts => ({ ...noVerdicts(), ...counts });
const orderVerdicts = (counts: Partial<OrderCounts['verdicts']>): OrderCounts['verdicts'] => ({
  ...noOrderVerdicts(),
  ...counts,
});
const sums = (records: number, impressions: number, clicks: number, costMicros: bigint): CellSums => ({
  records,
  impressions,
  clicks,
  costMicros,
});

/** Ten events: three of them long ago, seven in the minute of MINUTE. */
const BALANCED: Books = {
  received: 10,
  verdicts: verdicts({ counted: 6, duplicate: 3, invalid: 1 }),
  minutes: [{ minute: MINUTE, received: 7, verdicts: verdicts({ counted: 4, duplicate: 2, invalid: 1 }) }],
  earlier: { received: 3, verdicts: verdicts({ counted: 2, duplicate: 1 }) },
  cells: sums(2, 3, 1, 40n),
  retiredCells: sums(1, 2, 0, 20n),
  counted: sums(3, 5, 1, 60n),
  yielded: sums(0, 0, 0, 0n),
  orders: {
    balanced: true,
    received: 3,
    verdicts: orderVerdicts({ accepted: 2, stale: 1 }),
    minutes: [{ minute: MINUTE, received: 2, verdicts: orderVerdicts({ accepted: 1, stale: 1 }) }],
    earlier: { received: 1, verdicts: orderVerdicts({ accepted: 1 }) },
  },
};

test('balanced books have no difference, sums beyond 2^53 included', () => {
  expect(differencesIn(BALANCED)).toEqual([]);
  const rich = { cells: sums(2, 3, 1, 2n ** 60n + 1n), counted: sums(3, 5, 1, 2n ** 60n + 21n) };
  expect(differencesIn({ ...BALANCED, ...rich })).toEqual([]);
});

test('what the other region owns was counted, and is in no ad minute', () => {
  const yielded = { cells: sums(2, 2, 1, 33n), yielded: sums(0, 1, 0, 7n) };
  expect(differencesIn({ ...BALANCED, ...yielded })).toEqual([]);
  expect(differencesIn({ ...BALANCED, cells: yielded.cells })).toHaveLength(2);
});

describe('one wrong figure is named', () => {
  const WRONG: [string, Partial<Books>, string][] = [
    ['an event without verdict', { received: 11 }, '11 events received in all, but 10 have a verdict'],
    [
      'an event without verdict in its minute',
      { minutes: [{ ...BALANCED.minutes[0], received: 8 }] },
      '8 events received in the minute of 2026-01-31T12:00:00.000Z, but 7 have a verdict',
    ],
    ['a lost minute', { minutes: [] }, '6 events counted in all, but the minutes of arrival add up to 2'],
    ['a lost click', { cells: sums(2, 3, 0, 40n) }, '1 clicks were counted, but the ad minutes hold 0'],
    ['a lost micro', { cells: sums(2, 3, 1, 39n) }, '60 costMicros were counted, but the ad minutes hold 59'],
    [
      'a lost record',
      { retiredCells: sums(0, 2, 0, 20n) },
      '3 records were counted, but the ad minutes hold 2',
    ],
    [
      'an order without verdict',
      { orders: { ...BALANCED.orders, received: 4 } },
      '4 orders received in all, but 3 have a verdict',
    ],
    [
      'an order without verdict in its minute',
      { orders: { ...BALANCED.orders, minutes: [{ ...BALANCED.orders.minutes[0], received: 3 }] } },
      '3 orders received in the minute of 2026-01-31T12:00:00.000Z, but 2 have a verdict',
    ],
    [
      'a lost minute of orders',
      { orders: { ...BALANCED.orders, minutes: [] } },
      '2 orders accepted in all, but the minutes of arrival add up to 1',
    ],
    [
      'an event counted into no cell',
      { cells: sums(2, 2, 1, 40n), counted: sums(3, 4, 1, 60n) },
      '6 events have the verdict counted, but 5 were counted into ad minutes',
    ],
  ];
  test.for(WRONG)('%s', ([, wrong, sentence]) => {
    expect(differencesIn({ ...BALANCED, ...wrong })).toContain(sentence);
  });

  test('in at most a hundred sentences', () => {
    const minutes = Array.from({ length: 500 }, (_, n) => ({
      minute: n,
      received: 1,
      verdicts: noVerdicts(),
    }));
    const found = differencesIn({ ...BALANCED, minutes });
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toMatch(/^and \d+ more differences$/);
  });
});
