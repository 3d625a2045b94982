import { expect, test } from 'vitest';
import { figureColumns } from '../../../src/dashboard/series/figure-columns.ts';
import type { FigureSlot } from '../../../src/dashboard/series/figure-slots.ts';

function slot(hour: number, clicks: number | bigint | null, final: boolean): FigureSlot {
  const sums = { impressions: 100, costMicros: 0, orders: 0, revenueMicros: 0, roas: null };
  const row = { start: '', id: null, currency: 'EUR', ...sums, clicks: clicks ?? 0, ctr: null, final };
  const [start, end] = [hour * 3_600_000, (hour + 1) * 3_600_000];
  return clicks === null
    ? { start, end, row: undefined }
    : { start, end, row: { ...row, ctr: Number(clicks) / 100 } };
}

const SLOTS = [slot(0, 3, true), slot(1, null, false), slot(2, 5n, true), slot(3, 2, false)];

test('bars of what is final and of what is not are apart', () => {
  expect(figureColumns({ name: 'clicks', drawing: 'bars' }, SLOTS)).toEqual([
    [1800, 5400, 9000, 12_600],
    [3, null, 5, null],
    [null, null, null, 2],
  ]);
});

test('a line goes on from its last final point', () => {
  const [, final, provisional] = figureColumns({ name: 'ctr', drawing: 'line' }, SLOTS);
  expect(final).toEqual([0.03, null, 0.05, null]);
  expect(provisional).toEqual([null, null, 0.05, 0.02]);
});
