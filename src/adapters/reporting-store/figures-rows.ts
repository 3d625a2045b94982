import { assert } from '../../base/assert.ts';
import type { UnixMs } from '../../base/clock.ts';
import {
  FIGURE_NAMES,
  type FigureSums,
  type FiguresAnswer,
  type FiguresQuery,
  type RegionProgress,
} from '../../reporting/figures.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { SUM_COLUMNS } from './figures-sql.ts';

/** A row of the table of feeds. */
export interface FeedRow {
  readonly region: string;
  readonly kind: string;
  readonly as_of: bigint | null;
  readonly final_before: bigint;
}

type Row = Readonly<Record<string, unknown>>;

export function rowsOf(
  rows: readonly Row[],
  { comparesPrevious }: FiguresQuery,
): Pick<FiguresAnswer, 'rows' | 'found'> {
  return {
    found: Number(rows[0]?.['found'] ?? 0n),
    rows: rows.map((row) => ({
      id: row['id'] as string | null,
      currency: row['currency'] as string,
      start: Number(row['start'] as bigint),
      sums: sumsOf(row, ''),
      previous: comparesPrevious ? sumsOf(row, '_before') : undefined,
    })),
  };
}

/** A region is as far as the feed of it that is furthest behind; nothing is known of one with a feed that was never read to its end. */
export function progressOf(feeds: readonly FeedRow[]): RegionProgress[] {
  return [...Map.groupBy(feeds, ({ region }) => region)].map(([region, rows]) => {
    const isWhole = rows.length === RECORD_KINDS.length;
    const asOf = rows.map(({ as_of }) => as_of);
    return {
      region,
      asOf: isWhole && asOf.every((time) => time !== null) ? earliest(asOf) : null,
      finalBefore: isWhole ? earliest(rows.map(({ final_before }) => final_before)) : 0,
    };
  });
}

function earliest(times: readonly bigint[]): UnixMs {
  return Math.min(...times.map(Number));
}

function sumsOf(row: Row, suffix: string): FigureSums {
  const sums = FIGURE_NAMES.map((name) => {
    const value = row[SUM_COLUMNS[name] + suffix];
    assert(typeof value === 'bigint', `the sum of ${name} is exact`);
    return [name, value] as const;
  });
  return Object.fromEntries(sums) as FigureSums;
}
