import type { UnixMs } from '../../../base/clock.ts';
import type { ChargingStore } from '../../../cluster/budget/ports.ts';
import type { Statement } from '../postgres-database.ts';
import { readSpend } from './campaign-store.ts';
import { campaignOfRow } from './rows.ts';

export type LookRules = Parameters<ChargingStore['look']>[2];

const CAMPAIGNS = 200;

/**
 * Looks at campaigns that are due. They are locked first: what is put or charged meanwhile makes them due again behind this, and is not
 * forgotten. An announcement is a row: it is made by whoever has the lease, in the transaction that changes the state, or not at all.
 */
export async function lookAtCampaigns(
  sql: Statement,
  now: UnixMs,
  { dayOf, stateOf }: LookRules,
): Promise<number> {
  const rows = await sql`
    SELECT * FROM adtally.campaigns WHERE look_at <= ${now} ORDER BY look_at, campaign_id LIMIT ${CAMPAIGNS} FOR UPDATE`;
  if (rows.length === 0) return 0;
  const campaigns = rows.map(campaignOfRow);
  const windows = campaigns.map((campaign) => {
    const { start: from, end: to } = dayOf(campaign);
    return { campaignId: campaign.campaignId, from, to };
  });
  const spend = Map.groupBy(await readSpend(sql, windows), (row) => row.campaignId);
  const states = campaigns.map((campaign) => stateOf(campaign, spend.get(campaign.campaignId) ?? []));
  const ids = campaigns.map(({ campaignId }) => campaignId);
  await sql`
    UPDATE adtally.campaigns SET state = next.state, look_at = next.look_at FROM unnest(
      ${ids}::text[], ${states.map(({ state }) => state)}::text[], ${states.map(({ until }) => until)}::bigint[]
    ) AS next (campaign_id, state, look_at) WHERE campaigns.campaign_id = next.campaign_id`;
  const changed = campaigns.flatMap(({ campaignId }, at) =>
    rows[at]['state'] === states[at].state ? [] : [{ campaignId, state: states[at].state }],
  );
  if (changed.length > 0) {
    await sql`
      INSERT INTO adtally.announcements (campaign_id, state, announced_at)
      SELECT *, ${now}::bigint FROM unnest(
        ${changed.map(({ campaignId }) => campaignId)}::text[], ${changed.map(({ state }) => state)}::text[])`;
  }
  return rows.length;
}
