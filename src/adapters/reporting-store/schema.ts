import type { DuckDBConnection } from '@duckdb/node-api';
import { AdtallyError } from '../../base/errors.ts';
import { createStaging, createTable, RECORD_TABLES } from './record-tables.ts';

/** Grows with every change of the tables. */
const SCHEMA_VERSION = 1;

const TABLES = [
  'CREATE TABLE format (version INTEGER NOT NULL)',
  `INSERT INTO format VALUES (${SCHEMA_VERSION})`,
  `CREATE TABLE feeds (region VARCHAR NOT NULL, kind VARCHAR NOT NULL, cursor VARCHAR NOT NULL, as_of BIGINT,
    final_before BIGINT NOT NULL)`,
  // Ad minutes of before this are sorted, Unix ms.
  'CREATE TABLE clustered (before BIGINT NOT NULL)',
  'INSERT INTO clustered VALUES (0)',
  'CREATE TABLE campaigns (campaign_id VARCHAR NOT NULL, merchant_id VARCHAR, placement VARCHAR)',
  ...Object.values(RECORD_TABLES).map(createTable),
];

/** Makes the tables of a new store, or checks those of an old one. Throws AdtallyError data_format. */
export async function prepareSchema(connection: DuckDBConnection, path: string): Promise<void> {
  const version = await readVersion(connection, path);
  if (version === undefined) {
    await connection.run(['BEGIN', ...TABLES, 'COMMIT'].join(';\n'));
  } else if (version !== SCHEMA_VERSION) {
    throw new AdtallyError(
      'data_format',
      `${path} has format ${version}; this version knows ${SCHEMA_VERSION}.`,
    );
  }
  for (const table of Object.values(RECORD_TABLES)) await connection.run(createStaging(table));
}

async function readVersion(connection: DuckDBConnection, path: string): Promise<number | undefined> {
  const tables = await connection.runAndReadAll('SELECT table_name FROM duckdb_tables() WHERE NOT internal');
  const names = tables.getRows().map(([name]) => String(name));
  if (names.length === 0) return undefined;
  if (!names.includes('format')) {
    throw new AdtallyError('data_format', `${path} is no reporting store: it has other tables.`);
  }
  const rows = await connection.runAndReadAll('SELECT version FROM format');
  return Number(rows.getRows()[0]?.[0]);
}
