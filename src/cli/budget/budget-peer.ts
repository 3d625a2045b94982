import { HttpRecordFeed } from '../../adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { BudgetPeer } from '../../budget/budget-service.ts';
import type { CampaignFeed } from '../../budget/ports.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { campaignChangePage } from '../../server/openapi/budget-schemas.ts';

/** Campaigns asked for at a time: they are taken over in one transaction. */
const CAMPAIGNS = 500;

/**
 * What the budgets of region `own` hear of the other one, which is shown `secret`; undefined where there is none. Throws AdtallyError
 * config_invalid.
 */
export function budgetPeerOf(
  { peer }: Pick<PipelineSpec, 'peer'>,
  own: string,
  secret: string | undefined,
): BudgetPeer | undefined {
  if (peer.length === 0) return undefined;
  const [region, url] = [peer[0].slice(0, peer[0].indexOf('=')), peer[0].slice(peer[0].indexOf('=') + 1)];
  if (region === own) {
    throw new AdtallyError('config_invalid', `peer is ${peer[0]}, but that is the region that is started.`);
  }
  const reader = new RegionReader({ url, secret });
  const feed = new HttpRecordFeed({ region, kind: 'ad-minutes' }, reader);
  return { feed, campaigns: campaignFeed(reader, region) };
}

function campaignFeed(reader: RegionReader, region: string): CampaignFeed {
  return {
    region,
    next: async (after, stop) => {
      const query = new URLSearchParams({ limit: String(CAMPAIGNS) });
      if (after !== undefined) query.set('after', after);
      const answer = await reader.read(`/v1/changes/campaigns?${query}`, 0, stop);
      const reading = campaignChangePage.safeParse(answer);
      if (!reading.success) throw reader.strange('what it sent is no page of campaigns');
      const { campaigns, ...page } = reading.data;
      return { ...page, campaigns: campaigns.map(campaignOfWire) };
    },
  };
}

function campaignOfWire<Wire extends { start: string; end: string | null; updatedAt: string }>(
  wire: Wire,
): Omit<Wire, 'start' | 'end' | 'updatedAt'> & { start: number; end: number | null; updatedAt: number } {
  const { start, end, updatedAt } = wire;
  const times = { start: Date.parse(start), end: end === null ? null : Date.parse(end) };
  return { ...wire, ...times, updatedAt: Date.parse(updatedAt) };
}
