import { expect, test } from 'vitest';
import {
  greatest,
  ratesBetween,
  sampleOf,
  sinkFeeds,
} from '../../../../src/dashboard/components/regions/region-sinks.ts';
import { mockReportsStatus } from '../../mock-reports.ts';

test('feeds of a region count as one: what lags is what lags most', () => {
  const [first, second] = mockReportsStatus(0).feeds;
  const feeds = [first, { ...second, lagMs: 700, caughtUp: false }];
  const budgets = {
    feeds: [{ region: 'a', caughtUp: true, lagMs: 0, error: 'It is broken.', state: 'running', charged: 3 }],
  };
  const rates = new Map([['reporting a', 12]]);
  expect(sinkFeeds({ state: 'running', error: null, feeds }, budgets, rates)).toEqual([
    { sink: 'reporting store', region: 'a', state: 'catching up', lagMs: 700, perSecond: 12, error: null },
    { sink: 'budgets', region: 'a', state: 'failing', lagMs: 0, perSecond: null, error: 'It is broken.' },
  ]);
  const failing = sinkFeeds({ state: 'failing', error: 'No thread.', feeds }, null, rates);
  expect(failing.map(({ state, error }) => [state, error])).toEqual([['failing', 'No thread.']]);
  expect(sinkFeeds(null, null, rates)).toEqual([]);
});

test('rates are what came between two looks; a count that began anew gives none below zero', () => {
  const before = sampleOf(1000, mockReportsStatus(0), null);
  const after = sampleOf(3000, mockReportsStatus(2), null);
  expect([...ratesBetween(before, after)]).toEqual([
    ['reporting a', 180],
    ['reporting b', 180],
  ]);
  expect(ratesBetween(after, { ...before, at: 4000 }).get('reporting a')).toBe(0);
  expect(ratesBetween(before, before).size).toBe(0);
});

test('the greatest of lags is unknown while one is', () => {
  expect([greatest([1, 5, 3]), greatest([1, null]), greatest([])]).toEqual([5, null, null]);
});
