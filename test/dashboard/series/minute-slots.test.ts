import { expect, test } from 'vitest';
import { minuteSlots } from '../../../src/dashboard/series/minute-slots.ts';
import type { AdMinuteRow } from '../../../src/dashboard/region-api.ts';

const END = Date.UTC(2026, 0, 31, 12, 0);

function row(start: string, currency: string, impressions: number, clicks: number): AdMinuteRow {
  return { start, currency, impressions, clicks, costMicros: 0, campaignId: 'c', advertiserId: 'v' };
}

test('minutes without a row are zero, and the range is always whole', () => {
  const slots = minuteSlots([row('2026-01-31T11:58:00Z', 'EUR', 7, 1)], 3, END);
  expect(slots).toEqual([
    { start: END - 180_000, impressions: 0, clicks: 0 },
    { start: END - 120_000, impressions: 7, clicks: 1 },
    { start: END - 60_000, impressions: 0, clicks: 0 },
  ]);
});

test('rows of several currencies in one minute are added up, whatever offset they are written with', () => {
  const rows = [row('2026-01-31T12:59:00+01:00', 'EUR', 7, 1), row('2026-01-31T17:44:00+05:45', 'USD', 5, 2)];
  expect(minuteSlots(rows, 1, END)).toEqual([{ start: END - 60_000, impressions: 12, clicks: 3 }]);
});

test('rows outside the range are left out', () => {
  const rows = [row('2026-01-31T11:00:00Z', 'EUR', 7, 1), row('2026-01-31T12:00:00Z', 'EUR', 7, 1)];
  expect(minuteSlots(rows, 2, END).every(({ impressions }) => impressions === 0)).toBe(true);
});
