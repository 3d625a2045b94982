import type { UnixMs } from '../../../base/clock.ts';
import { cellText } from '../sql/cell-text.ts';
import { type SqlAnswer, runSql } from '../../answers/sql-answer.ts';

const MINUTE_MS = 60_000;

/** Impressions and clicks of the last full minute of event time, by region, as the reporting store has them. */
export function countedSql(now: UnixMs): string {
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  return `SELECT region, SUM(impressions + clicks) AS events FROM reporting.ad_minutes WHERE minute = ${minute} GROUP BY region`;
}

/** Asked with a query in place of a path. */
export function askCounted(sql: string, signal: AbortSignal): Promise<SqlAnswer> {
  return runSql(sql, signal);
}

/** Events counted per second, by region; a region with none in the minute had none. */
export function countedPerSecond({ rows }: SqlAnswer): (region: string) => number {
  const events = new Map(rows.map(([region, count]) => [cellText(region), Number(count)]));
  return (region) => (events.get(region) ?? 0) / 60;
}
