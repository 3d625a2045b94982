import { expect, test } from 'vitest';
import type { FiguresRow } from '../../../src/dashboard/answers/figures-answer.ts';
import {
  bucketStarts,
  currenciesOf,
  figureSlots,
  spanOf,
} from '../../../src/dashboard/series/figure-slots.ts';

const PARIS = 'Europe/Paris';
/** Half past two in the afternoon in Paris. */
const NOW = Date.parse('2026-10-25T13:30:20Z');

function row(start: string, over: Partial<FiguresRow> = {}): FiguresRow {
  const ratios = { ctr: null, roas: null };
  const sums = { impressions: 1, clicks: 0, costMicros: 5, orders: 0, revenueMicros: 0 };
  return { start, id: null, currency: 'EUR', ...sums, ...ratios, final: true, ...over };
}

test('a span ends with the minute under way, or with its last day', () => {
  const today = spanOf({ days: 1, lastDay: null }, PARIS, NOW);
  expect(today).toEqual({
    from: Date.parse('2026-10-25T00:00:00+02:00'),
    to: Date.parse('2026-10-25T13:31:00Z'),
    end: Date.parse('2026-10-26T00:00:00+01:00'),
    lastDay: '2026-10-25',
    today: '2026-10-25',
  });
  expect(spanOf({ days: 1, lastDay: '2027-01-01' }, PARIS, NOW)).toEqual(today);
  const week = spanOf({ days: 7, lastDay: '2026-10-24' }, PARIS, NOW);
  expect([week.from, week.to, week.end]).toEqual(
    ['2026-10-18', '2026-10-25', '2026-10-25'].map((date) => Date.parse(`${date}T00:00:00+02:00`)),
  );
});

test('a day of 25 hours has 25 slots, and the hour that comes twice is two', () => {
  const span = spanOf({ days: 1, lastDay: null }, PARIS, NOW);
  const starts = bucketStarts(span, { days: 1, granularity: 'hour' }, PARIS);
  const [first, second] = [row('2026-10-25T02:00:00+02:00'), row('2026-10-25T02:00:00+01:00')];
  const slots = figureSlots([first, second], 'EUR', starts, span.end);
  expect(slots).toHaveLength(25);
  expect(slots.filter((slot) => slot.row !== undefined).map((slot) => slot.row)).toEqual([first, second]);
  expect(slots.at(-1)!.end).toBe(span.end);
  expect(slots.every(({ start, end }) => end - start === 3_600_000)).toBe(true);
});

test('days of a span over a change of the clock begin at midnight', () => {
  const span = spanOf({ days: 7, lastDay: '2026-10-26' }, PARIS, NOW + 86_400_000);
  const starts = bucketStarts(span, { days: 7, granularity: 'day' }, PARIS);
  expect(starts.map((at) => new Date(at).toISOString().slice(5, 13))).toEqual([
    '10-19T22',
    '10-20T22',
    '10-21T22',
    '10-22T22',
    '10-23T22',
    '10-24T22',
    '10-25T23',
  ]);
});

test('of rows only those of the currency are shown, and none of them is lost', () => {
  const rows = [row('2026-10-25T10:30:00Z'), row('2026-10-25T10:00:00Z', { currency: 'USD' })];
  const slots = figureSlots(rows, 'EUR', [Date.parse('2026-10-25T10:00:00Z')], NOW);
  expect(slots.map((slot) => slot.row?.currency)).toEqual([undefined, 'EUR']);
});

test('the currency that cost most comes first', () => {
  const rows = [
    row('x', { currency: 'USD', costMicros: 2n ** 60n }),
    row('x'),
    row('x', { currency: 'AUD', costMicros: 5 }),
  ];
  expect(currenciesOf(rows)).toEqual(['USD', 'AUD', 'EUR']);
});
