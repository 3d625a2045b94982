import { expect, test } from 'vitest';
import { pageThere, readArrival } from '../../../src/dashboard/address/arrival.ts';

const HANDED = { from: 'a', zone: 'Europe/Paris', theme: 'dark' } as const;

test('what is handed over arrives, at the same view', () => {
  const there = new URL(pageThere('http://127.0.0.1:7071', '#/ad/a%2Fb?minutes=15', HANDED)!);
  expect([there.host, there.pathname, there.hash]).toEqual(['127.0.0.1:7071', '/', '#/ad/a%2Fb?minutes=15']);
  expect(readArrival(there.search)).toEqual(HANDED);
  expect(readArrival('')).toEqual({ from: null, zone: null, theme: null });
  expect(readArrival('?theme=pink').theme).toBeNull();
});

test.each(['javascript:alert(1)', 'data:text/html,hi', 'no url', ''])('%s is no page', (url) => {
  expect(pageThere(url, '#/', HANDED)).toBeNull();
});
