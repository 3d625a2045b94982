import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import { DAY_MS } from '../../base/units.ts';
import type { RegionClient } from '../../client/region-client.ts';

/** Micros a day: one that the made-up traffic uses up within minutes, one within the hour, one that lasts. */
const DAILY_BUDGETS_MICROS = {
  'campaign-0': 60_000_000,
  'campaign-1': 300_000_000,
  'campaign-2': 5_000_000_000,
} as const;

/** Sets a few campaigns of the made-up traffic, so that budgets are seen to move. Those that are there stay as they are. */
export async function setDemoCampaigns(client: RegionClient, currency: string, now: UnixMs): Promise<void> {
  const start = now - (now % DAY_MS);
  for (const [campaignId, dailyBudgetMicros] of Object.entries(DAILY_BUDGETS_MICROS)) {
    const path = `/v1/campaigns/${campaignId}`;
    if (await isSet(client, path)) continue;
    await client.put(path, {
      advertiserId: 'advertiser-0',
      currency,
      dailyBudgetMicros,
      timezone: 'UTC',
      start,
    });
  }
}

async function isSet(client: RegionClient, path: string): Promise<boolean> {
  try {
    await client.get(path);
    return true;
  } catch (error) {
    if (error instanceof AdtallyError && error.code === 'unknown_campaign') return false;
    throw error;
  }
}
