import { Random } from '../../../src/generator/random.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import type { FeedId, RecordKind, RecordPage } from '../../../src/union-load/ports.ts';

export const FEEDS: readonly FeedId[] = [
  { region: 'a', kind: 'ad-minutes' },
  { region: 'a', kind: 'attributed-orders' },
  { region: 'b', kind: 'ad-minutes' },
  { region: 'b', kind: 'attributed-orders' },
];

const MIDNIGHT = Date.UTC(2026, 0, 31);
const HOUR = 3_600_000;
const TOP = Number.MAX_SAFE_INTEGER;
const TEXTS = ['ad-1', "o'ad", '広告', '😀🏳️‍🌈', 'é', 'é', '"', '\\', '%/.*?[x]', ' ', 'NULL', '﻿x'];

/** Feeds of both regions, from a seed: records change again and again, are repeated, come with old revisions and in any order. */
export class RecordScript {
  readonly #pages = new Map<string, RecordPage[]>();

  constructor(seed: number, pages: number, recordsPerPage: number) {
    const random = new Random(seed);
    for (const feed of FEEDS) {
      const made: RecordPage[] = [];
      for (let n = 0; n < pages; n++) {
        const records = Array.from({ length: random.below(recordsPerPage + 1) }, () =>
          feed.kind === 'ad-minutes' ? adMinute(random, feed.region) : order(random, feed.region),
        );
        made.push({ records, cursor: `c${n + 1}`, caughtUp: n === pages - 1, asOf: 0, finalBefore: 0 });
      }
      this.#pages.set(keyOf(feed), made);
    }
  }

  /** The page after the cursor; undefined at the end. */
  next<Kind extends RecordKind>(
    feed: FeedId<Kind>,
    cursor: string | undefined,
  ): RecordPage<Kind> | undefined {
    return this.#pages.get(keyOf(feed))![Number(cursor?.slice(1) ?? 0)] as RecordPage<Kind> | undefined;
  }

  /** The highest revision of every record of all pages, as rows of a table by name of the column, sorted by id. */
  truth(kind: RecordKind): Record<string, unknown>[] {
    const best = new Map<string, AdMinute | AttributedOrder>();
    for (const feed of FEEDS.filter((one) => one.kind === kind)) {
      for (const record of this.#pages.get(keyOf(feed))!.flatMap(({ records }) => records)) {
        const known = best.get(record.recordId);
        if (known === undefined || record.revision > known.revision) best.set(record.recordId, record);
      }
    }
    return [...best.values()].map(rowOf).toSorted(byRecordId);
  }
}

export function byRecordId(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a['record_id']) < String(b['record_id']) ? -1 : 1;
}

function keyOf({ region, kind }: FeedId): string {
  return `${region}/${kind}`;
}

/** A record of one revision has one content: what is chance comes from both. */
function adMinute(random: Random, region: string): AdMinute {
  const [ad, minutes, revision] = [random.below(TEXTS.length), random.below(6), 1 + random.below(9)];
  const minute = MIDNIGHT - 24 * HOUR + minutes * 11 * HOUR;
  return {
    recordId: `${region}|${ad}|${minutes}`,
    revision: revision === 9 ? TOP : revision,
    region,
    adId: TEXTS[ad],
    campaignId: TEXTS[(ad + revision) % TEXTS.length],
    advertiserId: 'acme',
    minute,
    currency: 'EUR',
    impressions: ad * 1000 + revision,
    clicks: revision === 3 ? 0 : minutes,
    costMicros: TOP - revision,
  };
}

function order(random: Random, region: string): AttributedOrder {
  const [id, revision] = [random.below(40), 1 + random.below(9)];
  const isAttributed = (id + revision) % 3 !== 0;
  return {
    recordId: `${region}|order-${id}`,
    revision,
    region,
    orderId: `${TEXTS[id % TEXTS.length]}-${id}`,
    orderVersion: revision,
    orderStatus: revision > 5 ? 'refunded' : 'placed',
    // A later version may stand in another day.
    orderTime: MIDNIGHT - 1 + (id % 2) * revision,
    userId: 'user',
    merchantId: 'shop',
    amountMicros: TOP,
    currency: 'JPY',
    model: 'last_touch',
    rank: 0,
    outcome: isAttributed ? 'attributed' : 'unattributed',
    reason: isAttributed ? null : 'no_touch',
    creditMicros: isAttributed ? TOP : 0,
    adId: isAttributed ? TEXTS[id % TEXTS.length] : null,
    campaignId: isAttributed ? 'spring' : null,
    advertiserId: isAttributed ? 'acme' : null,
    touchEventId: isAttributed ? `e-${id}` : null,
    touchType: isAttributed ? 'click' : null,
    touchTime: isAttributed ? MIDNIGHT - HOUR : null,
    touchRegion: isAttributed ? region : null,
    enrichment: revision % 2 === 0 ? { note: TEXTS[id % TEXTS.length], sum: 1.5 } : null,
    enrichmentStatus: revision % 2 === 0 ? 'ok' : null,
  };
}

/** What should stand in the view, said a second time: names in snake case, times with their unit, whole numbers as bigint. */
function rowOf(record: AdMinute | AttributedOrder): Record<string, unknown> {
  const time = 'minute' in record ? record.minute : record.orderTime;
  const cells = Object.entries(record).map(([field, value]: [string, unknown]) => {
    const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const isTime = /^(minute|order_time|touch_time)$/.test(name);
    return [isTime ? `${name}_ms` : name, cellOf(value)];
  });
  return { ...Object.fromEntries(cells), dt: new Date(time).toISOString().slice(0, 10) } as Record<
    string,
    unknown
  >;
}

function cellOf(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
