import { AdtallyError } from '../../../base/errors.ts';
import { asTemplate } from '../sql-text.ts';
import type { PostgresDatabase } from '../postgres-database.ts';

const FORMAT = '1';
/** Of an advisory lock: one process makes the tables. */
const MAKING = 4_127_001;

/** Sums are numeric: they have no end at 64 bits. Texts compare by their bytes, whatever the database's language. */
const TABLES = `
  CREATE SCHEMA IF NOT EXISTS adtally;
  CREATE TABLE adtally.budget_format (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), format text NOT NULL);
  CREATE TABLE adtally.charger (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), epoch bigint NOT NULL, holder text NOT NULL, until timestamptz NOT NULL
  );
  CREATE TABLE adtally.positions (
    topic text, partition int, next_offset bigint NOT NULL, restarted_at bigint, kept_at bigint NOT NULL,
    refused bigint NOT NULL, PRIMARY KEY (topic, partition)
  );
  CREATE TABLE adtally.campaigns (
    campaign_id text COLLATE "C" PRIMARY KEY, advertiser_id text COLLATE "C" NOT NULL, currency text NOT NULL,
    daily_budget_micros bigint NOT NULL, timezone text NOT NULL, start_ms bigint NOT NULL, end_ms bigint, is_paused boolean NOT NULL,
    merchant_id text, placement text, updated_at bigint NOT NULL, updated_by text NOT NULL,
    state text, look_at bigint NOT NULL
  );
  CREATE INDEX campaigns_by_advertiser ON adtally.campaigns (advertiser_id, campaign_id);
  CREATE INDEX campaigns_by_look ON adtally.campaigns (look_at);
  CREATE TABLE adtally.announcements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, campaign_id text NOT NULL, state text NOT NULL, announced_at bigint NOT NULL
  );
  CREATE TABLE adtally.charges (
    record_id uuid PRIMARY KEY, revision bigint NOT NULL, region text NOT NULL, campaign_id text NOT NULL, advertiser_id text NOT NULL,
    currency text NOT NULL, minute bigint NOT NULL, micros bigint NOT NULL CHECK (micros >= 0)
  );
  CREATE INDEX charges_by_minute ON adtally.charges (minute);
  CREATE TABLE adtally.entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, record_id uuid NOT NULL, revision bigint NOT NULL,
    account text COLLATE "C" NOT NULL, counter_account text COLLATE "C" NOT NULL, amount_micros bigint NOT NULL CHECK (amount_micros <> 0),
    currency text NOT NULL, minute bigint NOT NULL, posted_at bigint NOT NULL
  );
  CREATE INDEX entries_by_account ON adtally.entries (account, id);
  CREATE TABLE adtally.closings (
    account text COLLATE "C", counter_account text COLLATE "C", currency text, micros numeric NOT NULL, entries bigint NOT NULL,
    until_ms bigint NOT NULL, PRIMARY KEY (account, counter_account, currency)
  );
  CREATE TABLE adtally.spend (
    campaign_id text COLLATE "C", minute bigint, currency text, micros numeric NOT NULL, PRIMARY KEY (campaign_id, minute, currency)
  );
  INSERT INTO adtally.budget_format (format) VALUES ('${FORMAT}');
  INSERT INTO adtally.charger (epoch, holder, until) VALUES (0, '', '-infinity');
`;

/** Makes the tables where there are none; any number of processes may at once. Throws AdtallyError data_format for those of another version. */
export async function prepareBudgetSchema(database: PostgresDatabase): Promise<void> {
  await database.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${MAKING})`;
    const [{ made }] = await sql`SELECT to_regclass('adtally.budget_format') IS NOT NULL AS made`;
    if (made !== true) {
      for (const statement of TABLES.split(';').filter((text) => text.trim() !== ''))
        await sql(asTemplate(statement));
      return;
    }
    const [{ format }] = await sql`SELECT format FROM adtally.budget_format`;
    if (format === FORMAT) return;
    throw new AdtallyError(
      'data_format',
      `The ledger in PostgreSQL (schema adtally) has format ${String(format)}; this version knows ${FORMAT}.`,
    );
  });
}
