import { readFileSync } from 'node:fs';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { BudgetPeer } from '../../budget/budget-service.ts';
import type { CampaignFeed } from '../../budget/ports.ts';
import { RegionClient } from '../../client/region-client.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { campaignChangePage } from '../../server/openapi/budget-schemas.ts';
import type { RecordFeed } from '../../union-load/ports.ts';

/** Campaigns asked for at a time: they are taken over in one transaction. */
const CAMPAIGNS = 500;
/** Longest wait for an answer; longer than the longest wait that is asked for. */
const TIMEOUT_MS = 30 * SECOND_MS;

/** What the budgets of region `own` hear of the other one; undefined where there is none. Throws AdtallyError config_invalid. */
export function budgetPeerOf({ peer, replication }: PipelineSpec, own: string): BudgetPeer | undefined {
  if (peer.length === 0) return undefined;
  const [region, url] = [peer[0].slice(0, peer[0].indexOf('=')), peer[0].slice(peer[0].indexOf('=') + 1)];
  if (region === own) {
    throw new AdtallyError('config_invalid', `peer is ${peer[0]}, but that is the region that is started.`);
  }
  const key = replication.secretFile === '' ? undefined : readSecret(replication.secretFile);
  const client = new RegionClient({ url, key, timeoutMs: TIMEOUT_MS });
  return { feed: adMinuteFeed(client, region), campaigns: campaignFeed(client, region) };
}

function adMinuteFeed(client: RegionClient, region: string): RecordFeed<'ad-minutes'> {
  return {
    id: { region, kind: 'ad-minutes' },
    next: (after, limit, waitMs) => client.get('/v1/changes/ad-minutes', { after, limit, waitMs }),
  };
}

function campaignFeed(client: RegionClient, region: string): CampaignFeed {
  return {
    region,
    next: async (after) => {
      const answer = await client.get('/v1/changes/campaigns', { after, limit: CAMPAIGNS });
      const reading = campaignChangePage.safeParse(answer);
      if (!reading.success)
        throw new AdtallyError('internal', `What region ${region} sent is no page of campaigns.`);
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

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AdtallyError('config_invalid', `replication.secretFile ${path} cannot be read.`, { cause });
  }
}
