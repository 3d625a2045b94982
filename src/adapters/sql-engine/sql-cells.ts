import {
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { SqlCell } from '../../reporting/sql-answer.ts';

/** A value of DuckDB as it stands in an answer. */
export function cellOf(value: DuckDBValue): SqlCell {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // JSON has no word for these.
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    default:
      return value === null ? null : objectCell(value);
  }
}

function objectCell(value: Exclude<DuckDBValue, null | boolean | number | bigint | string>): SqlCell {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return value.micros % 1000n === 0n ? timeText(value.micros / 1000n, String(value)) : String(value);
  if (value instanceof DuckDBDateValue) return String(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf);
  if (value instanceof DuckDBStructValue) {
    const cells = Object.entries(value.entries).map(([name, member]) => [name, cellOf(member)]);
    return Object.fromEntries(cells) as Record<string, SqlCell>;
  }
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: member }) => [cellOf(key), cellOf(member)]);
  return String(value);
}

/** RFC 3339 where JavaScript's calendar goes as far. */
function timeText(milliseconds: bigint, otherwise: string): string {
  const date = new Date(Number(milliseconds));
  return Number.isNaN(date.getTime()) ? otherwise : date.toISOString();
}
