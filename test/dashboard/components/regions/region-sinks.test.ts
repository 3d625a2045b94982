import { expect, test } from 'vitest';
import {
  greatest,
  ratesBetween,
  sampleOf,
  sinkFeeds,
} from '../../../../src/dashboard/components/regions/region-sinks.ts';
import { mockStore, mockStores } from '../../mock-reports.ts';

test('feeds of a region count as one: what lags is what lags most', () => {
  const [first, second] = mockStore('reporting', 0).feeds;
  const feeds = [first, { ...second, lagMs: 700, caughtUp: false }];
  const budgets = {
    feeds: [{ region: 'a', caughtUp: true, lagMs: 0, error: 'It is broken.', state: 'running', charged: 3 }],
  };
  const rates = new Map([['reporting store a', 12]]);
  const reporting = { state: 'running', error: null, feeds } as const;
  const warehouse = { ...reporting, feeds: [first] };
  expect(sinkFeeds({ reporting, warehouse }, budgets, rates)).toEqual([
    { sink: 'reporting store', region: 'a', state: 'catching up', lagMs: 700, perSecond: 12, error: null },
    { sink: 'warehouse', region: 'a', state: 'following', lagMs: 0, perSecond: null, error: null },
    { sink: 'budgets', region: 'a', state: 'failing', lagMs: 0, perSecond: null, error: 'It is broken.' },
  ]);
  const failing = sinkFeeds(
    { reporting: { state: 'failing', error: 'No thread.', feeds }, warehouse: null },
    null,
    rates,
  );
  expect(failing.map(({ state, error }) => [state, error])).toEqual([['failing', 'No thread.']]);
  expect(sinkFeeds(null, null, rates)).toEqual([]);
});

test('rates are what came between two looks; a count that began anew gives none below zero', () => {
  const before = sampleOf(1000, mockStores(0), null);
  const after = sampleOf(3000, mockStores(2), null);
  expect([...ratesBetween(before, after)]).toEqual([
    ['reporting store a', 180],
    ['reporting store b', 180],
    ['warehouse a', 180],
    ['warehouse b', 180],
  ]);
  expect(ratesBetween(after, { ...before, at: 4000 }).get('reporting store a')).toBe(0);
  expect(ratesBetween(before, before).size).toBe(0);
});

test('the greatest of lags is unknown while one is', () => {
  expect([greatest([1, 5, 3]), greatest([1, null]), greatest([])]).toEqual([5, null, null]);
});
