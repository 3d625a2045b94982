import type { Campaign } from '../../../budget/campaign.ts';
import type { ClosingBalance, SpendRow, StoredEntry } from '../../../budget/ports.ts';
import type { Announcement, CampaignStore, SpendWindow } from '../../../cluster/budget/ports.ts';
import type { PostgresDatabase, Statement } from '../postgres-database.ts';
import { campaignOfRow, closingOfRow, entryOfRow, spendOfRow } from './rows.ts';

/** Of an advisory lock: one campaign is put at a time, so that there are never more than there may be. */
const PUTTING = 4_127_002;

export class PostgresCampaignStore implements CampaignStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  putCampaign(
    campaignId: string,
    make: (seen: Campaign | undefined, held: number) => Campaign,
  ): Promise<Campaign> {
    return this.#database.transaction(async (sql) => {
      await sql`SELECT pg_advisory_xact_lock(${PUTTING})`;
      const [seen] = await sql`SELECT * FROM adtally.campaigns WHERE campaign_id = ${campaignId} FOR UPDATE`;
      const [{ held }] = await sql`SELECT count(*)::int AS held FROM adtally.campaigns`;
      const campaign = make(seen && campaignOfRow(seen), held as number);
      await putCampaign(sql, campaign);
      return campaign;
    });
  }

  campaign(campaignId: string): Promise<Campaign | undefined> {
    return this.#database.read(async (sql) => {
      const [row] = await sql`SELECT * FROM adtally.campaigns WHERE campaign_id = ${campaignId}`;
      return row && campaignOfRow(row);
    });
  }

  campaignsOf(campaignIds: readonly string[]): Promise<Campaign[]> {
    return this.#database.read(async (sql) => {
      const rows = await sql`
        SELECT * FROM adtally.campaigns WHERE campaign_id = ANY(${campaignIds as string[]}::text[]) ORDER BY campaign_id`;
      return rows.map(campaignOfRow);
    });
  }

  campaigns(limit: number, after = '', advertiserId?: string): Promise<Campaign[]> {
    return this.#database.read(async (sql) => {
      const rows =
        advertiserId === undefined
          ? await sql`SELECT * FROM adtally.campaigns WHERE campaign_id > ${after} ORDER BY campaign_id LIMIT ${limit}`
          : await sql`
            SELECT * FROM adtally.campaigns WHERE advertiser_id = ${advertiserId} AND campaign_id > ${after}
            ORDER BY campaign_id LIMIT ${limit}`;
      return rows.map(campaignOfRow);
    });
  }

  spend(windows: readonly SpendWindow[]): Promise<SpendRow[]> {
    return this.#database.read((sql) => readSpend(sql, windows));
  }

  entries(
    account: string,
    limit: number,
    before = Number.MAX_SAFE_INTEGER,
    counterAccount?: string,
  ): Promise<StoredEntry[]> {
    return this.#database.read(async (sql) => {
      const other = counterAccount ?? null;
      const rows = await sql`
        SELECT * FROM adtally.entries WHERE account = ${account} AND id < ${before}
          AND (${other}::text IS NULL OR counter_account = ${other}) ORDER BY id DESC LIMIT ${limit}`;
      return rows.map(entryOfRow);
    });
  }

  closings(account: string, counterAccount?: string): Promise<ClosingBalance[]> {
    return this.#database.read(async (sql) => {
      const other = counterAccount ?? null;
      const rows = await sql`
        SELECT * FROM adtally.closings WHERE account = ${account} AND (${other}::text IS NULL OR counter_account = ${other})
        ORDER BY counter_account, currency`;
      return rows.map(closingOfRow);
    });
  }

  lastAnnouncement(): Promise<string> {
    return this.#database.read(async (sql) => {
      const [{ id }] = await sql`SELECT coalesce(max(id), 0) AS id FROM adtally.announcements`;
      return id as string;
    });
  }

  announcements(after: string, limit: number): Promise<readonly Announcement[]> {
    return this.#database.read(async (sql) => {
      const rows = await sql`
        SELECT id, campaign_id FROM adtally.announcements WHERE id > ${after} ORDER BY id LIMIT ${limit}`;
      return rows.map((row) => ({ id: row['id'] as string, campaignId: row['campaign_id'] as string }));
    });
  }
}

/** Of all windows, oldest minute first. */
export async function readSpend(sql: Statement, windows: readonly SpendWindow[]): Promise<SpendRow[]> {
  const rows = await sql`
    SELECT spend.* FROM unnest(
      ${windows.map(({ campaignId }) => campaignId)}::text[], ${windows.map(({ from }) => from)}::bigint[],
      ${windows.map(({ to }) => to)}::bigint[]
    ) AS span (campaign_id, from_ms, to_ms)
    JOIN adtally.spend ON spend.campaign_id = span.campaign_id AND minute >= from_ms AND minute < to_ms
    ORDER BY minute, currency`;
  return rows.map(spendOfRow);
}

/** Its state is looked at anew. */
async function putCampaign(sql: Statement, campaign: Campaign): Promise<void> {
  const { campaignId, advertiserId, currency, dailyBudgetMicros, timezone, start, end, isPaused } = campaign;
  const { merchantId, placement, updatedAt, updatedBy } = campaign;
  await sql`
    INSERT INTO adtally.campaigns VALUES (${campaignId}, ${advertiserId}, ${currency}, ${dailyBudgetMicros}, ${timezone}, ${start},
      ${end}, ${isPaused}, ${merchantId}, ${placement}, ${updatedAt}, ${updatedBy}, NULL, 0)
    ON CONFLICT (campaign_id) DO UPDATE SET advertiser_id = excluded.advertiser_id, currency = excluded.currency,
      daily_budget_micros = excluded.daily_budget_micros, timezone = excluded.timezone, start_ms = excluded.start_ms,
      end_ms = excluded.end_ms, is_paused = excluded.is_paused, merchant_id = excluded.merchant_id, placement = excluded.placement,
      updated_at = excluded.updated_at, updated_by = excluded.updated_by, look_at = 0`;
}
