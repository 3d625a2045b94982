import { DuckDBBlobValue, type DuckDBConnection } from '@duckdb/node-api';
import { assert } from '../../base/assert.ts';
import {
  DIGEST_FIELDS,
  DIGEST_STEPS,
  TIME_FIELDS,
  type DigestStep,
  type RecordDigest,
  type RecordList,
  type RecordRange,
} from '../../reporting/record-digest.ts';
import type { RecordKinds } from '../../union-load/ports.ts';
import { RECORD_TABLES, type RecordColumn } from './record-tables.ts';
import { inTransaction } from './transaction.ts';

/** The digest of records in the store, as far as they reach at one moment. */
export async function digestOf(
  connection: DuckDBConnection,
  range: RecordRange,
  step: DigestStep,
): Promise<RecordDigest> {
  const stepMs = DIGEST_STEPS[step];
  const time = columnOf(range, TIME_FIELDS[range.kind]).name;
  const text = DIGEST_FIELDS[range.kind].map((field) => digestText(columnOf(range, field)));
  const sql = `SELECT (${time} // ${stepMs}) * ${stepMs} AS start, COUNT(*) AS records, SUM(revision) AS revisions,
      SUM(md5_number_lower(${text.join(' || ')})) AS hash
    FROM ${RECORD_TABLES[range.kind].name} WHERE ${whereOf(range)} GROUP BY 1 ORDER BY 1`;
  return inTransaction(connection, async () => {
    const asOf = await asOfRecords(connection, range);
    const found = await connection.runAndReadAll(sql, { region: range.region });
    const buckets = found.getRowObjects().map(({ start, records, revisions, hash }) => ({
      start: Number(start as bigint),
      records: Number(records as bigint),
      revisions: String(revisions as bigint),
      hash: String(hash as bigint),
    }));
    return { region: range.region, asOf, heldFrom: 0, buckets };
  });
}

/** The records themselves. */
export async function recordsOf(connection: DuckDBConnection, range: RecordRange): Promise<RecordList> {
  const { columns, name } = RECORD_TABLES[range.kind];
  // As bytes: the driver leaves out a byte order mark at the beginning of a text.
  const selected = columns.map((c) => (c.type === 'BIGINT' ? c.name : `encode(${c.name}::VARCHAR)`));
  const sql = `SELECT ${selected.join(', ')} FROM ${name} WHERE ${whereOf(range)}`;
  return inTransaction(connection, async () => {
    const asOf = await asOfRecords(connection, range);
    const found = await connection.runAndReadAll(sql, { region: range.region });
    const records = found.getRows().map((row) => {
      const fields = columns.map((column, at) => [column.field, fieldOf(column, row[at])]);
      return Object.fromEntries(fields) as RecordKinds[RecordRange['kind']];
    });
    return { region: range.region, asOf, heldFrom: 0, records };
  });
}

async function asOfRecords(
  connection: DuckDBConnection,
  { region, kind }: RecordRange,
): Promise<number | null> {
  const sql = 'SELECT as_of FROM feeds WHERE region = $region AND kind = $kind';
  const [row] = (await connection.runAndReadAll(sql, { region, kind })).getRows();
  const asOf = row?.[0] as bigint | null | undefined;
  return asOf === null || asOf === undefined ? null : Number(asOf);
}

/** As digestText() of src/reporting writes a field. */
function digestText({ name, type, isNullable }: RecordColumn): string {
  const text = type === 'VARCHAR' ? name : `${name}::VARCHAR`;
  const written = `strlen(${text}) || ':' || ${text}`;
  return isNullable === true ? `CASE WHEN ${name} IS NULL THEN '-' ELSE ${written} END` : written;
}

function whereOf(range: RecordRange): string {
  const time = columnOf(range, TIME_FIELDS[range.kind]).name;
  // Numbers stand in it, or they would be compared as doubles.
  return `region = $region AND ${time} >= ${BigInt(range.from)} AND ${time} < ${BigInt(range.to)}`;
}

function columnOf({ kind }: RecordRange, field: string): RecordColumn {
  const column = RECORD_TABLES[kind].columns.find((one) => one.field === field);
  assert(column !== undefined, `the table has a column for ${field}`);
  return column;
}

function fieldOf({ field, type }: RecordColumn, cell: unknown): unknown {
  if (cell === null || cell === undefined) return null;
  if (type === 'BIGINT') return Number(cell);
  assert(cell instanceof DuckDBBlobValue, `${field} comes as bytes`);
  const text = Buffer.from(cell.bytes).toString();
  return field === 'enrichment' ? (JSON.parse(text) as unknown) : text;
}
