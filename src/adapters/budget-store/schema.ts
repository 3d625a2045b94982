import type { DatabaseSync } from 'node:sqlite';
import { AdtallyError } from '../../base/errors.ts';

const FORMAT = 1;

/** STRICT: a sum that left 64 bits would be a floating-point number, which these columns refuse. */
const TABLES = `
  CREATE TABLE campaigns (
    campaign_id TEXT PRIMARY KEY, advertiser_id TEXT NOT NULL, currency TEXT NOT NULL,
    daily_budget_micros INTEGER NOT NULL, timezone TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER,
    is_paused INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE charges (
    record_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, campaign_id TEXT NOT NULL, advertiser_id TEXT NOT NULL,
    currency TEXT NOT NULL, minute INTEGER NOT NULL, micros INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX charges_by_minute ON charges (minute);
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY, record_id TEXT NOT NULL, revision INTEGER NOT NULL, account TEXT NOT NULL,
    amount_micros INTEGER NOT NULL, currency TEXT NOT NULL, minute INTEGER NOT NULL, posted_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX entries_by_account ON entries (account, id);
  CREATE TABLE spend (
    campaign_id TEXT NOT NULL, minute INTEGER NOT NULL, currency TEXT NOT NULL, micros INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, minute, currency)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX spend_by_minute ON spend (minute);
  CREATE TABLE position (only INTEGER PRIMARY KEY CHECK (only = 1), cursor TEXT, restarted_at INTEGER) STRICT;
  INSERT INTO position VALUES (1, NULL, NULL);
`;

/** Makes the tables of a new file; throws AdtallyError data_format for a file of another version. */
export function prepareSchema(database: DatabaseSync, path: string): void {
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -32768',
  );
  const { user_version: format } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (format === FORMAT) return;
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
    tables: number;
  };
  if (format !== 0 || tables !== 0) throw unknownFormat(path, format);
  database.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${FORMAT}; COMMIT`);
}

/** Throws AdtallyError data_format unless the file is of this version. */
export function checkSchema(database: DatabaseSync, path: string): void {
  const { user_version: format } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (format !== FORMAT) throw unknownFormat(path, format);
}

function unknownFormat(path: string, format: number): AdtallyError {
  return new AdtallyError('data_format', `${path} has format ${format}; this version knows ${FORMAT}.`);
}
