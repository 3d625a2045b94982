import { HttpRecordFeed } from '../../adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import type { BudgetPeer } from '../../budget/budget-service.ts';
import type { CampaignFeed } from '../../budget/ports.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { campaignChangePage } from '../../server/openapi/budget-schemas.ts';
import { peerOf } from '../regions/peer-address.ts';

/** Campaigns asked for at a time: they are taken over in one transaction. */
const CAMPAIGNS = 500;

/** What the budgets hear of the other region, which is shown `secret`; undefined where there is none. */
export function budgetPeerOf(spec: PipelineSpec, secret: string | undefined): BudgetPeer | undefined {
  const peer = peerOf(spec);
  if (peer === undefined) return undefined;
  const reader = new RegionReader({ url: peer.url, secret });
  const feed = new HttpRecordFeed({ region: peer.name, kind: 'ad-minutes' }, reader);
  return { feed, campaigns: campaignFeed(reader, peer.name) };
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
