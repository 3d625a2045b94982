import type {
  CampaignSum,
  DaySum,
  LedgerSums,
  LedgerSumsReader,
} from '../../../cluster/budget/ledger-sums.ts';
import type { PostgresDatabase, Statement } from '../postgres-database.ts';

export class PostgresLedgerSums implements LedgerSumsReader {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  read(): Promise<LedgerSums> {
    // One view for all that is read.
    return this.#database.transaction(
      async (sql) => ({
        days: await readDays(sql),
        campaigns: await readCampaigns(sql),
        balances: await readBalances(sql),
      }),
      'ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
  }
}

async function readDays(sql: Statement): Promise<DaySum[]> {
  const rows = await sql`
    SELECT region, to_char(to_timestamp(minute / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, currency,
      count(*)::int AS records, sum(micros) AS charged
    FROM adtally.charges GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  return rows.map((row) => ({
    region: row['region'] as string,
    day: row['day'] as string,
    currency: row['currency'] as string,
    records: row['records'] as number,
    chargedMicros: BigInt(row['charged'] as string),
  }));
}

async function readCampaigns(sql: Statement): Promise<CampaignSum[]> {
  const rows = await sql`
    SELECT campaign_id, currency, sum(charged) AS charged, sum(posted) AS posted, sum(spent) AS spent FROM (
      SELECT campaign_id, currency, micros AS charged, 0 AS posted, 0 AS spent FROM adtally.charges
      UNION ALL SELECT substr(account, 10), currency, 0, amount_micros, 0 FROM adtally.entries WHERE account LIKE 'campaign:%'
      UNION ALL SELECT substr(account, 10), currency, 0, micros, 0 FROM adtally.closings WHERE account LIKE 'campaign:%'
      UNION ALL SELECT campaign_id, currency, 0, 0, micros FROM adtally.spend
    ) AS books GROUP BY 1, 2 ORDER BY campaign_id COLLATE "C", currency`;
  return rows.map((row) => ({
    campaignId: row['campaign_id'] as string,
    currency: row['currency'] as string,
    chargedMicros: BigInt(row['charged'] as string),
    postedMicros: BigInt(row['posted'] as string),
    spentMicros: BigInt(row['spent'] as string),
  }));
}

async function readBalances(sql: Statement): Promise<Record<string, bigint>> {
  const rows = await sql`
    SELECT currency, sum(micros) AS micros FROM (
      SELECT currency, amount_micros AS micros FROM adtally.entries UNION ALL SELECT currency, micros FROM adtally.closings
    ) AS books GROUP BY 1 ORDER BY 1`;
  return Object.fromEntries(rows.map((row) => [row['currency'] as string, BigInt(row['micros'] as string)]));
}
