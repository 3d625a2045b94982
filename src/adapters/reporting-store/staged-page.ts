import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { RecordKind, RecordKinds } from '../../union-load/ports.ts';
import { RECORD_TABLES, stagingName, type ColumnType } from './record-tables.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Puts the records of a page where a merge takes them from; of a record that comes twice the one that counts. */
export async function stagePage<Kind extends RecordKind>(
  connection: DuckDBConnection,
  kind: Kind,
  records: readonly RecordKinds[Kind][],
): Promise<void> {
  const table = RECORD_TABLES[kind];
  const appender = await connection.createAppender(stagingName(table));
  for (const record of latestOfEach(records)) {
    const fields = record as unknown as Fields;
    for (const { field, type } of table.columns) append(appender, type, fields[field]);
    appender.endRow();
  }
  appender.closeSync();
}

function append(appender: DuckDBAppender, type: ColumnType, value: unknown): void {
  if (value === null || value === undefined) appender.appendNull();
  else if (type === 'BIGINT') appender.appendBigInt(BigInt(value as number));
  else if (typeof value === 'string') appender.appendVarchar(value);
  else appender.appendVarchar(JSON.stringify(value));
}

function latestOfEach<R extends RecordKinds[RecordKind]>(records: readonly R[]): Iterable<R> {
  const latest = new Map<string, R>();
  for (const record of records) {
    const known = latest.get(record.recordId);
    if (known === undefined || record.revision >= known.revision) latest.set(record.recordId, record);
  }
  return latest.values();
}
