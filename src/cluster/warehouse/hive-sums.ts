import { assert } from '../../base/assert.ts';
import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import type { SqlCell } from '../../reporting/sql-answer.ts';
import { dayOf } from '../../warehouse/table.ts';
import { readHive } from './hive-reader.ts';
import type { HiveSession } from './ports.ts';

/** Which slots of time are asked for. */
export interface SumsRange {
  /** From this on, before that; both the start of a slot. */
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly by: 'minute' | 'hour';
}

/** What a region has in a slot; slots without a record are left out. */
interface SlotSums {
  readonly region: string;
  /** Start of the slot. */
  readonly start: UnixMs;
  readonly records: bigint;
}

/** Sums over all ads and currencies. */
export interface AdMinuteSums extends SlotSums {
  readonly impressions: bigint;
  readonly clicks: bigint;
  readonly costMicros: bigint;
}

/** Sums over all orders, models, ranks and currencies by the time of the order. */
export interface AttributedOrderSums extends SlotSums {
  readonly creditMicros: bigint;
}

const SLOT_MS = { minute: MINUTE_MS, hour: HOUR_MS } as const;

/** Of the latest revisions of ad minutes, by region and start. Rejects as readHive does. */
export async function adMinuteSums(hive: HiveSession, range: SumsRange): Promise<readonly AdMinuteSums[]> {
  // A record stays in its day, so other days need not be read.
  const days = `dt BETWEEN DATE '${dayOf(range.from)}' AND DATE '${dayOf(range.to)}'`;
  const figures = ['impressions', 'clicks', 'cost_micros'];
  const rows = await sums(hive, { table: 'ad_minutes', time: 'minute_ms', figures, where: days, range });
  return rows.map(([region, start, records, impressions, clicks, costMicros]) => ({
    ...slot(region, start, records),
    impressions: whole(impressions),
    clicks: whole(clicks),
    costMicros: whole(costMicros),
  }));
}

/** Of the latest revisions of attributed orders, by region and start. Rejects as readHive does. */
export async function attributedOrderSums(
  hive: HiveSession,
  range: SumsRange,
): Promise<readonly AttributedOrderSums[]> {
  const figures = ['credit_micros'];
  const rows = await sums(hive, { table: 'attributed_orders', time: 'order_time_ms', figures, range });
  return rows.map(([region, start, records, creditMicros]) => ({
    ...slot(region, start, records),
    creditMicros: whole(creditMicros),
  }));
}

interface SumsQuestion {
  readonly table: string;
  readonly time: string;
  readonly figures: readonly string[];
  readonly where?: string;
  readonly range: SumsRange;
}

async function sums(
  hive: HiveSession,
  { table, time, figures, where, range: { from, to, by } }: SumsQuestion,
): Promise<readonly (readonly SqlCell[])[]> {
  const slotMs = SLOT_MS[by];
  assert(from % slotMs === 0 && to % slotMs === 0, `${from} and ${to} are starts of a ${by}`);
  const start = `${time} - ${time} % ${slotMs}`;
  const { rows, truncated } = await readHive(
    hive,
    [
      `SELECT region, ${start} AS start_ms, COUNT(*) AS records,`,
      `  ${figures.map((figure) => `SUM(CAST(${figure} AS DECIMAL(38, 0))) AS ${figure}`).join(', ')}`,
      `FROM warehouse.${table}`,
      `WHERE ${time} >= ${from} AND ${time} < ${to}${where === undefined ? '' : ` AND ${where}`}`,
      `GROUP BY region, ${start}`,
      `ORDER BY region, start_ms`,
    ].join('\n'),
  );
  if (truncated)
    throw new AdtallyError('query_too_long', `${rows.length} sums by ${by} are not all: ask for less time.`);
  return rows;
}

function slot(region: SqlCell, start: SqlCell, records: SqlCell): SlotSums {
  return { region: region as string, start: Number(start), records: whole(records) };
}

function whole(cell: SqlCell): bigint {
  assert(
    typeof cell === 'number' || typeof cell === 'bigint',
    `a sum is a whole number, not a ${typeof cell}`,
  );
  return BigInt(cell);
}
