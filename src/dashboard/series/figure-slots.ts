import type { UnixMs } from '../../base/clock.ts';
import type { FiguresRow } from '../answers/figures-answer.ts';
import type { FiguresChoice } from '../address/figures-choice.ts';
import { addDays, dateIn, hourStarts, startOfDate } from './zone-days.ts';

const MINUTE_MS = 60_000;

/** The span that a choice means. */
export interface FigureSpan {
  readonly from: UnixMs;
  /** Until when is asked: the end of its last day, or of the minute under way. */
  readonly to: UnixMs;
  /** End of its last day. */
  readonly end: UnixMs;
  /** `2026-01-31` */
  readonly lastDay: string;
  readonly today: string;
}

/** A bucket of the chart, whether or not there is anything in it. */
export interface FigureSlot {
  readonly start: UnixMs;
  readonly end: UnixMs;
  /** Undefined where nothing was. */
  readonly row: FiguresRow | undefined;
}

/** The days in the time zone as of `now`. A last day that has not come yet is today. */
export function spanOf(
  { days, lastDay }: Pick<FiguresChoice, 'days' | 'lastDay'>,
  timeZone: string,
  now: UnixMs,
): FigureSpan {
  const today = dateIn(timeZone, now);
  const last = lastDay === null || lastDay > today ? today : lastDay;
  const from = startOfDate(timeZone, addDays(last, 1 - days));
  const end = startOfDate(timeZone, addDays(last, 1));
  const nextMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  return { from, to: Math.min(end, nextMinute), end, lastDay: last, today };
}

/** The starts of all buckets of the span. */
export function bucketStarts(
  { from, end, lastDay }: FigureSpan,
  { days, granularity }: Pick<FiguresChoice, 'days' | 'granularity'>,
  timeZone: string,
): UnixMs[] {
  if (granularity === 'hour') return hourStarts(timeZone, from, end);
  return Array.from({ length: days }, (_, index) =>
    startOfDate(timeZone, addDays(lastDay, index + 1 - days)),
  );
}

/** The rows of a currency in their buckets; none is lost, also where the region cuts the time otherwise. */
export function figureSlots(
  rows: readonly FiguresRow[],
  currency: string | null,
  starts: readonly UnixMs[],
  end: UnixMs,
): FigureSlot[] {
  const byStart = new Map(
    rows.filter((row) => row.currency === currency).map((row) => [Date.parse(row.start), row]),
  );
  const all = [...new Set([...starts, ...byStart.keys()])].toSorted((a, b) => a - b);
  return all.map((start, index) => ({ start, end: all[index + 1] ?? end, row: byStart.get(start) }));
}

/** The currencies of rows, the one that cost most first. */
export function currenciesOf(rows: readonly FiguresRow[]): string[] {
  const costs = new Map<string, number>();
  for (const { currency, costMicros } of rows) {
    costs.set(currency, (costs.get(currency) ?? 0) + Number(costMicros));
  }
  return [...costs].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([currency]) => currency);
}
