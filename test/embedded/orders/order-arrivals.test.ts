import { expect, test } from 'vitest';
import { OrderArrivals } from '../../../src/embedded/orders/order-arrivals.ts';
import { noOrderVerdicts } from '../../../src/model/order-receipt.ts';

const MINUTE = Date.UTC(2026, 0, 31, 12);
const counts = (received: number, verdicts: object): object => ({
  received,
  verdicts: { ...noOrderVerdicts(), ...verdicts },
});

function filled(): OrderArrivals {
  const arrivals = new OrderArrivals();
  arrivals.count(MINUTE + 60_000, 'accepted');
  arrivals.count(MINUTE, 'accepted');
  arrivals.count(MINUTE + 59_999, 'stale');
  return arrivals;
}

test('each version is counted in the minute of its arrival, oldest first', () => {
  expect(filled().list()).toEqual([
    { minute: MINUTE, ...counts(2, { accepted: 1, stale: 1 }) },
    { minute: MINUTE + 60_000, ...counts(1, { accepted: 1 }) },
  ]);
  expect(filled().earlier).toEqual(counts(0, {}));
});

test('minutes that are over become one sum', () => {
  const arrivals = filled();
  arrivals.retire(MINUTE + 60_000);
  expect(arrivals.list().map(({ minute }) => minute)).toEqual([MINUTE + 60_000]);
  expect(arrivals.earlier).toEqual(counts(2, { accepted: 1, stale: 1 }));
});

test('what a snapshot holds is how it was then, and comes back', () => {
  const arrivals = filled();
  arrivals.retire(MINUTE + 60_000);
  const dump = arrivals.dump();
  arrivals.count(MINUTE + 60_000, 'late');
  const restored = new OrderArrivals();
  restored.count(MINUTE, 'invalid');
  restored.load(JSON.parse(JSON.stringify(dump)));
  expect(restored.dump()).toEqual(dump);
  expect(restored.list()).toEqual([{ minute: MINUTE + 60_000, ...counts(1, { accepted: 1 }) }]);
});
