import type { DatabaseSync } from 'node:sqlite';
import { randomUUID } from 'node:crypto';
import { AdtallyError } from '../../base/errors.ts';

const FORMAT = 2;

/** STRICT: a sum that left 64 bits would be a floating-point number, which these columns refuse. */
const TABLES = `
  CREATE TABLE campaigns (
    campaign_id TEXT PRIMARY KEY, advertiser_id TEXT NOT NULL, currency TEXT NOT NULL,
    daily_budget_micros INTEGER NOT NULL, timezone TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER,
    is_paused INTEGER NOT NULL, merchant_id TEXT, placement TEXT, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
    change INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE charges (
    record_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, campaign_id TEXT NOT NULL, advertiser_id TEXT NOT NULL,
    currency TEXT NOT NULL, minute INTEGER NOT NULL, micros INTEGER NOT NULL, region TEXT NOT NULL
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
`;

/** What version 2 has beside the tables of version 1. */
const TABLES_OF_2 = `
  CREATE UNIQUE INDEX campaigns_by_change ON campaigns (change);
  CREATE TABLE closings (
    account TEXT NOT NULL, counter_account TEXT NOT NULL, currency TEXT NOT NULL, micros INTEGER NOT NULL,
    entries INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (account, counter_account, currency)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE positions (
    region TEXT PRIMARY KEY, cursor TEXT NOT NULL, restarted_at INTEGER, kept_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE origin (only INTEGER PRIMARY KEY CHECK (only = 1), store_id TEXT NOT NULL) STRICT;
`;

/** Version 1 had one region, whose every charge was and whose cursor it kept. The region's name stands for :region. */
const FROM_1 = `
  ALTER TABLE campaigns ADD COLUMN merchant_id TEXT;
  ALTER TABLE campaigns ADD COLUMN placement TEXT;
  ALTER TABLE campaigns ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE campaigns ADD COLUMN updated_by TEXT NOT NULL DEFAULT :region;
  ALTER TABLE campaigns ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
  UPDATE campaigns SET change = (SELECT count(*) FROM campaigns AS other WHERE other.campaign_id <= campaigns.campaign_id);
  ALTER TABLE charges ADD COLUMN region TEXT NOT NULL DEFAULT :region;
`;
const POSITION_FROM_1 = `
  INSERT INTO positions SELECT :region, cursor, restarted_at, 0 FROM position WHERE cursor IS NOT NULL;
  DROP TABLE position;
`;

/** Makes the tables of a new file, and those of an older version those of this one; throws AdtallyError data_format for any other. */
export function prepareSchema(database: DatabaseSync, path: string, region: string): void {
  // A page that changes often is copied out of the write-ahead log once in 8000 pages: that saves a third of the writes.
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000',
  );
  const format = formatOf(database);
  if (format === FORMAT) return;
  if (format === 1) return migrate(database, region);
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
    tables: number;
  };
  if (format !== 0 || tables !== 0) throw unknownFormat(path, format);
  change(database, TABLES + TABLES_OF_2);
}

/** Throws AdtallyError data_format unless the file is of this version. */
export function checkSchema(database: DatabaseSync, path: string): void {
  const format = formatOf(database);
  if (format !== FORMAT) throw unknownFormat(path, format);
}

function migrate(database: DatabaseSync, region: string): void {
  // A statement that changes tables takes no parameters.
  const name = `'${region.replaceAll("'", "''")}'`;
  change(
    database,
    (FROM_1 + TABLES_OF_2 + POSITION_FROM_1).replaceAll(':region', () => name),
  );
}

/** All of it and the new version, or nothing: a crash leaves the file as it was. */
function change(database: DatabaseSync, statements: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(statements);
    database.prepare('INSERT INTO origin VALUES (1, ?)').run(randomUUID());
    database.exec(`PRAGMA user_version = ${FORMAT}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function formatOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

function unknownFormat(path: string, format: number): AdtallyError {
  return new AdtallyError('data_format', `${path} has format ${format}; this version knows 1 to ${FORMAT}.`);
}
