import type { UnixMs } from '../../../base/clock.ts';
import type { Charge, LedgerEntry, SpendRow } from '../../../budget/ports.ts';
import type { Statement } from '../postgres-database.ts';

/** Each table in one statement, whatever the number of rows. */
export async function putCharges(sql: Statement, charges: readonly Charge[]): Promise<void> {
  if (charges.length === 0) return;
  await sql`
    INSERT INTO adtally.charges (record_id, revision, region, campaign_id, advertiser_id, currency, minute, micros)
    SELECT * FROM unnest(
      ${charges.map((charge) => charge.recordId)}::uuid[], ${charges.map((charge) => charge.revision)}::bigint[],
      ${charges.map((charge) => charge.region)}::text[], ${charges.map((charge) => charge.campaignId)}::text[],
      ${charges.map((charge) => charge.advertiserId)}::text[], ${charges.map((charge) => charge.currency)}::text[],
      ${charges.map((charge) => charge.minute)}::bigint[], ${charges.map((charge) => charge.micros)}::bigint[])
    ON CONFLICT (record_id) DO UPDATE SET revision = excluded.revision, campaign_id = excluded.campaign_id,
      advertiser_id = excluded.advertiser_id, currency = excluded.currency, minute = excluded.minute, micros = excluded.micros`;
}

/** In the order of posting: both sides of each follow each other, the campaign's first. */
export async function addEntries(sql: Statement, entries: readonly LedgerEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql`
    INSERT INTO adtally.entries (record_id, revision, account, counter_account, amount_micros, currency, minute, posted_at)
    SELECT record_id, revision, account, counter_account, amount_micros, currency, minute, posted_at FROM unnest(
      ${entries.map((entry) => entry.recordId)}::uuid[], ${entries.map((entry) => entry.revision)}::bigint[],
      ${entries.map((entry) => entry.account)}::text[], ${entries.map((_, at) => entries[at ^ 1].account)}::text[],
      ${entries.map((entry) => entry.amountMicros)}::bigint[], ${entries.map((entry) => entry.currency)}::text[],
      ${entries.map((entry) => entry.minute)}::bigint[], ${entries.map((entry) => entry.postedAt)}::bigint[]
    ) WITH ORDINALITY AS new (record_id, revision, account, counter_account, amount_micros, currency, minute, posted_at, at)
    ORDER BY at`;
}

export async function addSpend(sql: Statement, spend: readonly SpendRow[]): Promise<void> {
  if (spend.length === 0) return;
  await sql`
    INSERT INTO adtally.spend
    SELECT * FROM unnest(
      ${spend.map((row) => row.campaignId)}::text[], ${spend.map((row) => row.minute)}::bigint[],
      ${spend.map((row) => row.currency)}::text[], ${spend.map((row) => String(row.micros))}::numeric[])
    ON CONFLICT (campaign_id, minute, currency) DO UPDATE SET micros = spend.micros + excluded.micros`;
}

/** Both sides of a posting have one time and follow each other, so whole postings go. Returns how many entries went. */
export async function closeOldest(sql: Statement, before: UnixMs, limit: number): Promise<number> {
  await sql`DELETE FROM adtally.announcements WHERE announced_at < ${before}`;
  const [{ closed }] = await sql`
    WITH gone AS (
      DELETE FROM adtally.entries WHERE id IN (
        SELECT id FROM adtally.entries WHERE posted_at < ${before} ORDER BY id LIMIT ${2 * Math.ceil(limit / 2)})
      RETURNING *
    ), added AS (
      INSERT INTO adtally.closings
      SELECT account, counter_account, currency, sum(amount_micros), count(*), max(posted_at) FROM gone GROUP BY 1, 2, 3
      ON CONFLICT (account, counter_account, currency) DO UPDATE SET micros = closings.micros + excluded.micros,
        entries = closings.entries + excluded.entries, until_ms = greatest(closings.until_ms, excluded.until_ms)
    )
    SELECT count(*)::int AS closed FROM gone`;
  return closed as number;
}
