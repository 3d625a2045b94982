import type { FiguresRow } from '../answers/figures-answer.ts';

/** One minute of the chart, also when nothing happened in it. */
export interface MinuteSlot {
  /** Unix ms. */
  readonly start: number;
  readonly impressions: number;
  readonly clicks: number;
}

const MINUTE_MS = 60_000;

/** The rows as `minutes` consecutive minutes that end at `end`: currencies added up, missing minutes zero. */
export function minuteSlots(
  rows: readonly Pick<FiguresRow, 'start' | 'impressions' | 'clicks'>[],
  minutes: number,
  end: number,
): MinuteSlot[] {
  const byStart = new Map<number, MinuteSlot>();
  for (const row of rows) {
    const start = Date.parse(row.start);
    const { impressions = 0, clicks = 0 } = byStart.get(start) ?? {};
    byStart.set(start, {
      start,
      impressions: impressions + Number(row.impressions),
      clicks: clicks + Number(row.clicks),
    });
  }
  return Array.from({ length: minutes }, (_, index) => {
    const start = end - (minutes - index) * MINUTE_MS;
    return byStart.get(start) ?? { start, impressions: 0, clicks: 0 };
  });
}
