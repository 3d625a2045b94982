import { expect, test } from 'vitest';
import { resumePoints } from '../../../src/cluster/budget/resume-point.ts';

const at = (next: bigint, partition = 0) => ({ partition, next, restartedAt: null });
const topic = (first: bigint, lastStable: bigint) => [{ partition: 0, first, lastStable }];

test('a partition goes on where the ledger is', () => {
  expect(resumePoints([at(5n)], topic(0n, 9n), 7)).toEqual([at(5n)]);
  expect(resumePoints([at(9n)], topic(0n, 9n), 7)).toEqual([at(9n)]);
});

test('a new partition begins with what Kafka still has', () => {
  expect(resumePoints([], topic(3n, 9n), 7)).toEqual([at(3n)]);
  expect(resumePoints([at(4n, 8)], topic(3n, 9n), 7)).toEqual([at(3n)]);
});

test('what Kafka no longer has is skipped', () => {
  expect(resumePoints([at(1n)], topic(3n, 9n), 7)).toEqual([at(3n)]);
});

test('a topic that ends before the ledger is another one', () => {
  expect(resumePoints([at(10n)], topic(0n, 9n), 7)).toEqual([{ ...at(0n), restartedAt: 7 }]);
});
