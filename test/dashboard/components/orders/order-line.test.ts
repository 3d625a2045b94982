import { expect, test } from 'vitest';
import { modelsOf, orderLines, totalsOf } from '../../../../src/dashboard/components/orders/order-line.ts';
import type { AttributedOrder } from '../../../../src/model/attributed-order.ts';
import { mockRecord, mockUnattributed } from '../../mock-orders.ts';

function ids(records: readonly AttributedOrder[], isCut = false): string[] {
  return orderLines(records, 'last_touch', isCut).map(({ first }) => first.orderId);
}

test('an order is one line, at the place of its newest change', () => {
  const records = [
    mockRecord({ orderId: 'b' }),
    mockRecord({ orderId: 'a', model: 'linear' }),
    mockRecord({ orderId: 'a' }),
    mockRecord({ orderId: 'b', model: 'linear' }),
  ];
  expect(ids(records)).toEqual(['b', 'a']);
});

test('the last order of a list that was cut may lack records, and is left out; not when it is all there is', () => {
  const records = [mockRecord({ orderId: 'a' }), mockRecord({ orderId: 'b' })];
  expect(ids(records, true)).toEqual(['a']);
  expect(ids(records.slice(0, 1), true)).toEqual(['a']);
});

test('the first rank leads, whatever order the records come in, and those that share are counted', () => {
  const shares = [
    [2, 3],
    [0, 4],
    [1, 3],
    [3, 0],
  ];
  const records = shares.map(([rank, creditMicros]) =>
    mockRecord({ model: 'linear', rank, creditMicros, adId: `ad-${rank}` }),
  );
  const [line] = orderLines(records, 'linear', false);
  expect(line.first.adId).toBe('ad-0');
  expect(line.sharers).toBe(2); // the touch of rank 3 has lost its credit
});

test('an order whose other touches lost their credit is unattributed', () => {
  const records = [
    mockRecord({ model: 'linear', rank: 1, creditMicros: 0 }),
    mockUnattributed('no_touch', { model: 'linear' }),
  ];
  expect(orderLines(records, 'linear', false)[0]).toMatchObject({
    first: { outcome: 'unattributed', reason: 'no_touch' },
    sharers: 0,
  });
});

test('the default model comes first', () => {
  const records = [mockRecord({ model: 'linear' }), mockRecord(), mockRecord({ model: 'time_decay' })];
  expect(modelsOf(records)).toEqual(['last_touch', 'linear', 'time_decay']);
  expect(modelsOf([])).toEqual([]);
});

test('totals are exact past 2^53, by currency, and a cancelled or unattributed order is worth nothing', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const records = [
    mockRecord({ orderId: 'a', amountMicros: most }),
    mockRecord({ orderId: 'b', amountMicros: most }),
    mockRecord({ orderId: 'c', amountMicros: 7, currency: 'USD' }),
    mockRecord({ orderId: 'd', amountMicros: 5, creditMicros: 0, orderStatus: 'cancelled' }),
    mockUnattributed('no_touch', { orderId: 'e', amountMicros: 9 }),
  ];
  expect(totalsOf(orderLines(records, 'last_touch', false))).toEqual({
    orders: 5,
    attributed: 4,
    creditMicros: new Map([
      ['EUR', 2n * BigInt(most)],
      ['USD', 7n],
    ]),
  });
});

test('the credit of an order is all of it, also when only one of its records is in the list', () => {
  const records = [mockRecord({ model: 'linear', rank: 1, amountMicros: 10, creditMicros: 5 })];
  expect(totalsOf(orderLines(records, 'linear', false)).creditMicros.get('EUR')).toBe(10n);
});
