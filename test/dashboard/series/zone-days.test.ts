import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDays, dateIn, hourStarts, startOfDate } from '../../../src/dashboard/series/zone-days.ts';
import { TimeBuckets } from '../../../src/reporting/time-buckets.ts';

const HOUR_MS = 3_600_000;

function hoursOf(zone: string, date: string): number[] {
  return hourStarts(zone, startOfDate(zone, date), startOfDate(zone, addDays(date, 1)));
}

test.each([
  ['Europe/Paris', '2026-03-29', 23],
  ['Europe/Paris', '2026-10-25', 25],
  ['Europe/Paris', '2026-11-29', 24],
  // The clock is put forward at midnight: the day begins at 01:00.
  ['America/Asuncion', '2024-10-06', 23],
  ['Africa/Cairo', '2024-04-26', 23],
  ['Asia/Kolkata', '2026-03-29', 24],
])('%s on %s has %i hours', (zone, date, hours) => {
  expect(hoursOf(zone, date)).toHaveLength(hours);
  expect(dateIn(zone, startOfDate(zone, date))).toBe(date);
  expect(dateIn(zone, startOfDate(zone, date) - 1)).toBe(addDays(date, -1));
});

test('a clock that is moved within an hour cuts it there', () => {
  // Newfoundland, at one minute past midnight.
  const [from, until] = ['2006-04-02', '2006-04-03'].map((date) => startOfDate('America/St_Johns', date));
  const hours = hourStarts('America/St_Johns', from, until);
  expect(hours).toEqual([...new TimeBuckets('hour', 'America/St_Johns').startsBetween(from, until)]);
  expect(hours[1] - hours[0]).toBe(60_000);
});

test('a day and its hours begin where the region has them begin', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  // From 1973 on: until 1972 Liberia's clock was ahead by a part of a minute.
  const days = fc.integer({ min: 0, max: 20_000 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), days, (zone, day) => {
      const date = addDays('1973-01-01', day);
      const [from, until] = [startOfDate(zone, date), startOfDate(zone, addDays(date, 1))];
      // A date that the zone never had, when it changed sides of the date line.
      if (from === until) return;
      expect([...new TimeBuckets('day', zone).startsBetween(from, until)]).toEqual([from]);
      const hours = [...new TimeBuckets('hour', zone).startsBetween(from, until)];
      // Where the clock is moved by a part of an hour, the page may cut once more; it never misses a cut.
      const mine = hourStarts(zone, from, until);
      expect(hours.filter((at) => !mine.includes(at))).toEqual([]);
      const isWhole = (until - from) % HOUR_MS === 0;
      expect(isWhole ? mine.filter((at) => !hours.includes(at)) : []).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
