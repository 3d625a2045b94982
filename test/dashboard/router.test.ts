import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { adHref, orderHref, parseRoute, routeHref } from '../../src/dashboard/router.ts';

test.each([
  ['', { view: 'overview' }],
  ['#', { view: 'overview' }],
  ['#/', { view: 'overview' }],
  ['#/quarantine', { view: 'quarantine' }],
  ['#/ad/ad-1', { view: 'ad', adId: 'ad-1', minutes: 60 }],
  ['#/ad/ad-1?minutes=15', { view: 'ad', adId: 'ad-1', minutes: 15 }],
  ['#/ad/ad-1?minutes=99999', { view: 'ad', adId: 'ad-1', minutes: 60 }],
  ['#/orders', { view: 'orders' }],
  ['#/order/o-1', { view: 'order', orderId: 'o-1' }],
  ['#/order/', { view: 'unknown', path: '/order/' }],
  ['#/order/%E0%A4%A', { view: 'unknown', path: '/order/%E0%A4%A' }],
  ['#/ad/', { view: 'unknown', path: '/ad/' }],
  ['#/ad/%E0%A4%A', { view: 'unknown', path: '/ad/%E0%A4%A' }],
  ['#/regions', { view: 'regions' }],
  ['#/regions/a', { view: 'unknown', path: '/regions/a' }],
  ['#/sql', { view: 'sql', sql: '' }],
  ['#/sql?q=SELECT%201%20%26%202', { view: 'sql', sql: 'SELECT 1 & 2' }],
  ['#/budgets', { view: 'unknown', path: '/budgets' }],
  ['#/campaigns', { view: 'campaigns' }],
  ['#/campaign/a%2Fb', { view: 'campaign', campaignId: 'a/b' }],
  ['#/campaign/', { view: 'unknown', path: '/campaign/' }],
])('%s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test('the address of any ad leads back to it', () => {
  const adIds = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 });
  fc.assert(
    fc.property(adIds, fc.constantFrom(15, 60, 360), (adId, minutes) => {
      expect(parseRoute(adHref(adId, minutes))).toEqual({ view: 'ad', adId, minutes });
    }),
  );
});

test('the address of any order leads back to it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 }), (orderId) => {
      expect(parseRoute(orderHref(orderId))).toEqual({ view: 'order', orderId });
    }),
  );
});

test('a view has one address', () => {
  for (const hash of [
    '#/',
    '#/quarantine',
    '#/ad/a%2Fb?minutes=360',
    '#/regions',
    '#/figures/a%2Fb/c?days=7&by=hour&day=2026-03-29&currency=EUR',
    '#/sql?q=SELECT%201%20%26%202',
    '#/campaigns',
    '#/campaign/a%2Fb',
    '#/orders',
    '#/order/a%2Fb',
  ]) {
    const route = parseRoute(hash);
    expect(route.view === 'unknown' ? null : routeHref(route)).toBe(hash);
  }
});
