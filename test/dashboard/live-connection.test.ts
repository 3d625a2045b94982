import { expect, test } from 'vitest';
import { backoffMs } from '../../src/dashboard/live-connection.ts';

test('the wait before a new connection doubles up to ten seconds, a fifth more or less', () => {
  const waits = [0, 1, 2, 3, 4, 5, 1000].map((attempt) => backoffMs(attempt, 0.5));
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect([backoffMs(9, 0), backoffMs(9, 1)]).toEqual([8000, 12_000]);
});
