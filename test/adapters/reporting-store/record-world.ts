import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { ATTRIBUTION_MODELS, type AttributedOrder } from '../../../src/model/attributed-order.ts';
import { adMinuteRecordId, attributedOrderRecordId } from '../../../src/model/record-id.ts';
import type { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import type { FeedId, RecordKind, RecordKinds, RecordPage } from '../../../src/union-load/ports.ts';

const MINUTE_MS = 60_000;

/** What random records are drawn from. */
export interface RecordSpace {
  /** Unix ms, a whole minute. */
  readonly from: number;
  readonly minutes: number;
  readonly ads: number;
  readonly orders: number;
}

export function drawAdMinute(random: SeededRandom, space: RecordSpace): AdMinute {
  const region = random.pick(['a', 'b']);
  const ad = random.below(space.ads);
  const adId = `ad-${ad}`;
  const minute = space.from + random.below(space.minutes) * MINUTE_MS;
  const currency = random.pick(['EUR', 'USD']);
  return {
    recordId: adMinuteRecordId(region, adId, minute, currency),
    revision: 1 + random.below(5),
    region,
    adId,
    campaignId: `campaign-${ad % 5}`,
    advertiserId: `advertiser-${ad % 2}`,
    minute,
    currency,
    impressions: random.below(1000),
    clicks: random.below(20),
    // Two of these pass 2^53 together.
    costMicros: random.below(3) === 0 ? Number.MAX_SAFE_INTEGER - random.below(1000) : random.below(1e6),
  };
}

export function drawOrder(random: SeededRandom, space: RecordSpace): AttributedOrder {
  const region = random.pick(['a', 'b']);
  const orderId = `order-${region}-${random.below(space.orders)}`;
  const [model, rank] = [random.pick(ATTRIBUTION_MODELS), random.below(3)];
  const isAttributed = random.below(4) > 0;
  const ad = random.below(space.ads);
  return {
    recordId: attributedOrderRecordId(region, orderId, model, rank),
    revision: 1 + random.below(5),
    region,
    orderId,
    orderVersion: 1 + random.below(3),
    orderStatus: 'placed',
    // May change with the version.
    orderTime: space.from + random.below(space.minutes * MINUTE_MS),
    userId: 'user',
    merchantId: 'merchant',
    amountMicros: random.below(1e9),
    currency: random.pick(['EUR', 'USD']),
    model,
    rank,
    outcome: isAttributed ? 'attributed' : 'unattributed',
    reason: isAttributed ? null : 'no_touch',
    creditMicros: isAttributed && random.below(5) > 0 ? random.below(1e9) : 0,
    adId: isAttributed ? `ad-${ad}` : null,
    campaignId: isAttributed ? `campaign-${ad % 5}` : null,
    advertiserId: isAttributed ? `advertiser-${ad % 2}` : null,
    touchEventId: isAttributed ? 'touch' : null,
    touchType: isAttributed ? 'click' : null,
    touchTime: isAttributed ? space.from : null,
    touchRegion: isAttributed ? 'a' : null,
    enrichment: random.below(2) === 0 ? null : { city: 'Köln' },
    enrichmentStatus: null,
  };
}

/** The latest revision of each record, in a map: what a store has to hold. */
export class NaiveStore {
  readonly minutes = new Map<string, AdMinute>();
  readonly orders = new Map<string, AttributedOrder>();
  readonly cursors = new Map<string, string>();

  load<Kind extends RecordKind>({ region, kind }: FeedId<Kind>, page: RecordPage<Kind>): void {
    for (const record of page.records) {
      const map = (kind === 'ad-minutes' ? this.minutes : this.orders) as Map<string, RecordKinds[Kind]>;
      const known = map.get(record.recordId);
      if (known === undefined || record.revision >= known.revision) map.set(record.recordId, record);
    }
    this.cursors.set(`${region} ${kind}`, page.cursor);
  }
}
