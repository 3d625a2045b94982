import type { AdMinute } from '../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../src/model/attributed-order.ts';
import { adMinuteRecordId, attributedOrderRecordId } from '../../src/model/record-id.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { FeedId, RecordFeed, RecordKind, RecordKinds, RecordPage } from '../../src/union-load/ports.ts';

const BEGIN = 1_769_860_800_000;
const KEYS = 700;

/** A feed whose changes all follow from a seed; its cursor is the number of the last change that a reader has. */
export class ScriptedChanges<Kind extends RecordKind> implements RecordFeed<Kind> {
  readonly id: FeedId<Kind>;
  /** The record that each change leaves. */
  readonly changes: readonly RecordKinds[Kind][];

  constructor(id: FeedId<Kind>, seed: number, count: number) {
    this.id = id;
    const random = new SeededRandom(seed).fork(`${id.region} ${id.kind}`);
    const revisions = new Map<number, number>();
    this.changes = Array.from({ length: count }, () => {
      const key = random.below(KEYS);
      const revision = (revisions.get(key) ?? 0) + 1 + random.below(2);
      revisions.set(key, revision);
      const record =
        id.kind === 'ad-minutes' ? minute(id.region, key, revision) : order(id.region, key, revision);
      return record as RecordKinds[Kind];
    });
  }

  next(after: string | undefined, limit: number): Promise<RecordPage<Kind>> {
    const from = Number(after ?? 0);
    const end = Math.min(from + limit, this.changes.length);
    const latest = latestOf(this.changes.slice(from, end));
    const page = {
      records: [...latest.values()],
      cursor: String(end),
      caughtUp: end === this.changes.length,
      asOf: end,
      finalBefore: 0,
    };
    return Promise.resolve(page);
  }

  /** What a store must hold of it that has come to the cursor. */
  at(cursor: string | undefined): Map<string, RecordKinds[Kind]> {
    return latestOf(this.changes.slice(0, Number(cursor ?? 0)));
  }
}

/** The feeds of two regions. */
export function scriptedFeeds(
  seed: number,
  changes: number,
): (ScriptedChanges<'ad-minutes'> | ScriptedChanges<'attributed-orders'>)[] {
  return ['a', 'b'].flatMap((region) => [
    new ScriptedChanges({ region, kind: 'ad-minutes' }, seed, changes),
    new ScriptedChanges({ region, kind: 'attributed-orders' }, seed, changes / 4),
  ]);
}

function latestOf<R extends { readonly recordId: string }>(changes: readonly R[]): Map<string, R> {
  return new Map(changes.map((record) => [record.recordId, record]));
}

function minute(region: string, key: number, revision: number): AdMinute {
  const [adId, at] = [`ad-${key % 50}`, BEGIN + Math.floor(key / 50) * 40 * 60_000];
  return {
    recordId: adMinuteRecordId(region, adId, at, 'EUR'),
    revision,
    region,
    adId,
    campaignId: 'c',
    advertiserId: 'v',
    minute: at,
    currency: 'EUR',
    impressions: revision,
    clicks: key,
    costMicros: revision * 1000,
  };
}

function order(region: string, key: number, revision: number): AttributedOrder {
  return {
    recordId: attributedOrderRecordId(region, `o-${key}`, 'last_touch', 0),
    revision,
    region,
    orderId: `o-${key}`,
    orderVersion: revision,
    orderStatus: 'placed',
    orderTime: BEGIN + revision,
    userId: 'u',
    merchantId: 'm',
    amountMicros: revision,
    currency: 'EUR',
    model: 'last_touch',
    rank: 0,
    outcome: 'attributed',
    reason: null,
    creditMicros: revision,
    adId: 'ad-1',
    campaignId: 'c',
    advertiserId: 'v',
    touchEventId: 't',
    touchType: 'click',
    touchTime: BEGIN,
    touchRegion: region,
    enrichment: null,
    enrichmentStatus: null,
  };
}
