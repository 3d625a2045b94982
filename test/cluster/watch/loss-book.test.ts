import { expect, test } from 'vitest';
import { withLosses, withoutLosses, type Loss } from '../../../src/cluster/watch/loss-book.ts';

const lost = (transactions: number, more: Partial<Loss> = {}): Loss => ({
  job: 'adtally-a-aggregation',
  run: 'job-1 5',
  ofRun: transactions,
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

test('however often a job is restarted it has one entry for a sink, of all that it lost', () => {
  let book = withLosses([lost(2)], [lost(1, { run: 'job-1 9', isDoubtful: true })]);
  expect(book).toEqual([lost(3, { run: 'job-1 9', ofRun: 1, noticedAt: 1 })]);
  for (let run = 10; run < 100; run++) book = withLosses(book, [lost(1, { run: `job-1 ${run}` })]);
  expect(book.map(({ transactions, ofRun }) => [transactions, ofRun])).toEqual([[93, 1]]);
  expect(withLosses(book, [lost(1, { sink: 'verdicts' })])).toHaveLength(2);
});

test('a replay of a job repairs its losses, and no others', () => {
  const other = lost(1, { job: 'adtally-a-attribution' });
  expect(withoutLosses([lost(2), lost(1, { run: 'job-2 7' }), other], ['adtally-a-aggregation'])).toEqual([
    other,
  ]);
});
