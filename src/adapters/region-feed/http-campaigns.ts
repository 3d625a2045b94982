import type { CampaignAttributes } from '../../union-load/ports.ts';
import type { RegionReader } from './region-reader.ts';

const PAGE = 1000;

/** Every campaign that the region knows, with its merchant and placement where it says them. */
export async function readCampaigns(reader: RegionReader, stop: AbortSignal): Promise<CampaignAttributes[]> {
  const found: CampaignAttributes[] = [];
  let after = '';
  for (;;) {
    const page = (await reader.read(`/v1/campaigns?limit=${PAGE}${after}`, 0, stop)) as {
      campaigns?: unknown;
      next?: unknown;
    } | null;
    if (!Array.isArray(page?.campaigns)) throw reader.strange('there are no campaigns in its list of them');
    for (const campaign of page.campaigns as Record<string, unknown>[]) {
      const { campaignId, merchantId, placement } = campaign;
      if (typeof campaignId !== 'string') throw reader.strange('a campaign has no id');
      found.push({ campaignId, merchantId: textOrNull(merchantId), placement: textOrNull(placement) });
    }
    if (typeof page.next !== 'string') return found;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
