import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DAY_RANGES,
  FIGURES_DEFAULT,
  type FiguresChoice,
  figuresHref,
  parseFigures,
} from '../../../src/dashboard/address/figures-choice.ts';
import { parseRoute } from '../../../src/dashboard/router.ts';

const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 });
const choices: fc.Arbitrary<FiguresChoice> = fc
  .record({
    advertiserId: fc.option(id),
    campaignId: fc.option(id),
    days: fc.constantFrom(...DAY_RANGES),
    granularity: fc.constantFrom('hour', 'day'),
    lastDay: fc.option(fc.constantFrom('2026-03-29', '1999-12-31')),
    currency: fc.option(fc.constantFrom('EUR', 'JPY')),
  })
  .map((choice) => (choice.advertiserId === null ? { ...choice, campaignId: null } : choice));

test('the address of any choice leads back to it', () => {
  fc.assert(
    fc.property(choices, (choice) => {
      expect(parseRoute(figuresHref(choice))).toEqual({ view: 'figures', ...choice });
    }),
  );
});

test.each(['days=2', 'by=minute', 'day=2026-02-30', 'day=yesterday', 'day=1901-01-01', 'currency=euro'])(
  '%s is as if it were not there',
  (query) => expect(parseFigures([], new URLSearchParams(query))).toEqual(FIGURES_DEFAULT),
);

test('what is no text, or goes too deep, is no address', () => {
  expect(parseFigures(['%E0%A4%A'], new URLSearchParams())).toBeNull();
  expect(parseRoute('#/figures/a/b/c')).toMatchObject({ view: 'unknown' });
});
