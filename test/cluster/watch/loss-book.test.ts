import { expect, test } from 'vitest';
import { withLosses, withoutLosses, type Loss } from '../../../src/cluster/watch/loss-book.ts';

const lost = (transactions: number, more: Partial<Loss> = {}): Loss => ({
  job: 'adtally-a-aggregation',
  run: 'job-1 5',
  sink: 'clean',
  transactions,
  isDoubtful: false,
  noticedAt: transactions,
  ...more,
});

test('a loss stays in the book when it is not seen any more, and grows when more is lost', () => {
  const first = withLosses([], [lost(2)]);
  expect(first).toEqual([lost(2)]);
  expect(withLosses(first, [])).toBe(first);
  expect(withLosses(first, [lost(2, { noticedAt: 9 })])).toBe(first);
  expect(withLosses(first, [lost(3)])).toEqual([lost(3)]);
});

test('another run of the job, and another sink, have losses of their own', () => {
  const more = [lost(1, { run: 'job-1 9' }), lost(1, { sink: 'verdicts' })];
  expect(withLosses([lost(2)], more)).toEqual([lost(2), ...more]);
});

test('a replay of a job repairs its losses, and no others', () => {
  const other = lost(1, { job: 'adtally-a-attribution' });
  expect(withoutLosses([lost(2), lost(1, { run: 'job-2 7' }), other], ['adtally-a-aggregation'])).toEqual([
    other,
  ]);
});
