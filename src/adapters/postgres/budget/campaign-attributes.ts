import type { CampaignAttributes } from '../../../union-load/ports.ts';
import type { PostgresDatabase } from '../postgres-database.ts';

/** What campaigns can be grouped by, as they are now; none where no budget service has run yet. */
export function campaignAttributes(database: PostgresDatabase): Promise<readonly CampaignAttributes[]> {
  return database.read(async (sql) => {
    const [{ is_there: isThere }] =
      await sql`SELECT to_regclass('adtally.campaigns') IS NOT NULL AS is_there`;
    if (isThere !== true) return [];
    const rows = await sql`
      SELECT campaign_id, merchant_id, placement FROM adtally.campaigns WHERE num_nonnulls(merchant_id, placement) > 0`;
    return rows.map((row) => ({
      campaignId: row['campaign_id'] as string,
      merchantId: row['merchant_id'] as string | null,
      placement: row['placement'] as string | null,
    }));
  });
}
