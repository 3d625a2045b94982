import { expect, test } from 'vitest';
import { isWithdrawn } from '../../../../src/dashboard/components/orders/withdrawn.ts';
import type { TouchCredit } from '../../../../src/model/touch.ts';
import { mockOrderAnswer, mockRecord, mockUnattributed } from '../../mock-orders.ts';

const [touch] = mockOrderAnswer('o-1', 0).touches;

function touchesWith(...credits: TouchCredit[]): (typeof touch)[] {
  return credits.map((credit) => ({ ...touch, credits: [credit] }));
}

test('a record of a rank that no touch has any more is withdrawn', () => {
  const records = [mockRecord(), mockRecord({ rank: 1, creditMicros: 0 })];
  const touches = touchesWith({ model: 'last_touch', rank: 0, creditMicros: 23_500_000 });
  expect(records.map((record) => isWithdrawn(record, { records, touches }))).toEqual([false, true]);
});

test('no credit for a cancelled or worthless order is not withdrawn', () => {
  const records = [mockRecord({ orderStatus: 'cancelled', creditMicros: 0 })];
  const touches = touchesWith({ model: 'last_touch', rank: 0, creditMicros: 0 });
  expect(isWithdrawn(records[0], { records, touches })).toBe(false);
  expect(isWithdrawn(records[0], { records, touches: [] })).toBe(false); // its touches are no longer held
});

test('where the model finds no touch any more, its other records are withdrawn, and those of other models are not', () => {
  const gone = mockRecord({ model: 'linear', rank: 1, creditMicros: 0 });
  const other = mockRecord({ model: 'time_decay', creditMicros: 0, amountMicros: 0 });
  const none = mockUnattributed('no_touch', { model: 'linear' });
  const records = [none, gone, other];
  expect(records.map((record) => isWithdrawn(record, { records, touches: [] }))).toEqual([
    false,
    true,
    false,
  ]);
});
