import type { DuckDBConnection } from '@duckdb/node-api';
import type { RecordKind, RecordKinds } from '../../union-load/ports.ts';
import { RECORD_TABLES, stagingName, type RecordColumn } from './record-tables.ts';

/** The records of a kind that the store holds, in pages; closes the connection. */
export async function* storedRecords<Kind extends RecordKind>(
  connection: DuckDBConnection,
  kind: Kind,
): AsyncGenerator<readonly RecordKinds[Kind][]> {
  const { name, columns } = RECORD_TABLES[kind];
  const list = columns.map((c) => (c.type === 'UUID' ? `${c.name}::VARCHAR` : c.name)).join(', ');
  try {
    const result = await connection.stream(`SELECT ${list} FROM ${name}`);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield chunk.getRows().map((row) => recordOf(columns, row) as unknown as RecordKinds[Kind]);
    }
  } finally {
    connection.closeSync();
  }
}

/** The ids of staged records that the store does not hold so. */
export function differingStaged(kind: RecordKind): string {
  const table = RECORD_TABLES[kind];
  const staged = table.columns.map((c) => (c.type === 'UUID' ? `${c.name}::UUID AS ${c.name}` : c.name));
  const isOther = table.columns.map((c) => `page.${c.name} IS DISTINCT FROM held.${c.name}`);
  return [
    `SELECT page.record_id::VARCHAR FROM (SELECT ${staged.join(', ')} FROM ${stagingName(table)}) AS page`,
    `LEFT JOIN ${table.name} AS held ON ${table.key.map((n) => `held.${n} = page.${n}`).join(' AND ')}`,
    `WHERE held.revision IS NULL OR held.revision < page.revision`,
    `OR held.revision = page.revision AND (${isOther.join(' OR ')})`,
  ].join('\n');
}

function recordOf(columns: readonly RecordColumn[], row: readonly unknown[]): Record<string, unknown> {
  const fields = columns.map(({ field, type }, index): [string, unknown] => {
    const value = row[index];
    if (value === null) return [field, null];
    if (type === 'BIGINT') return [field, Number(value)];
    return [field, field === 'enrichment' ? JSON.parse(value as string) : value];
  });
  return Object.fromEntries(fields);
}
