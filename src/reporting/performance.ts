import { AdtallyError } from '../base/errors.ts';
import { ExactSum } from '../base/exact-sum.ts';
import type { AdMinuteFilter } from '../embedded/ports.ts';
import type { AdMinuteFigures } from '../model/ad-minute.ts';
import type { AttributedOrder, AttributionModel } from '../model/attributed-order.ts';
import { formatTime } from '../model/event-time.ts';
import type { AdMinuteSource } from './ad-minutes.ts';
import { forEachInTurns, type TurnClock } from './turns.ts';

export const PERFORMANCE_GROUPS = ['ad', 'campaign', 'advertiser'] as const;
export type PerformanceGroup = (typeof PERFORMANCE_GROUPS)[number];

/** Where the figures come from: a Region is one. */
export interface PerformanceSource extends AdMinuteSource {
  /** The records of each order, order by order; may be read with pauses. */
  attributedOrders(): Iterable<readonly AttributedOrder[]>;
}

/** Ads count by the minute of their events, orders by their own time; both from `from` (inclusive) to `to` (exclusive). */
export interface PerformanceQuery extends Omit<AdMinuteFilter, 'currency'> {
  readonly groupBy: PerformanceGroup;
  readonly model: AttributionModel;
  /** Most rows of the answer. */
  readonly limit: number;
}

/** What the ads of one ad, campaign or advertiser cost in one currency, and what the orders that followed were worth in it. */
export interface PerformanceRow {
  /** Id of the ad, campaign or advertiser. */
  readonly id: string;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  /** Exact, also past 2^53; integer micros of `currency`. */
  readonly costMicros: bigint;
  /** Orders of which it has any credit. */
  readonly orders: number;
  /** Its credits, exact, also past 2^53; integer micros of `currency`. */
  readonly revenueMicros: bigint;
  /** Orders per click; null without clicks. */
  readonly cvr: number | null;
  /** Revenue per cost; null without cost. */
  readonly roas: number | null;
}

/** The answer of `GET /v1/performance`. */
export interface PerformanceReport {
  readonly groupBy: PerformanceGroup;
  readonly model: AttributionModel;
  /** Most revenue first, then most cost, then by id and currency. */
  readonly rows: readonly PerformanceRow[];
  /** How many rows there are, beyond the limit too. */
  readonly found: number;
  /** Arrival up to which events and orders are in the figures, RFC 3339; null while there is none. Later ones may be. */
  readonly asOf: string | null;
}

/** Holds ads against the orders that they led to. Rejects with AdtallyError bad_request for an empty range. */
export async function queryPerformance(
  source: PerformanceSource,
  query: PerformanceQuery,
  clock: TurnClock,
): Promise<PerformanceReport> {
  const { groupBy, model, limit } = query;
  if (!(query.from < query.to)) {
    throw new AdtallyError('bad_request', 'from must be before to: there is no time between them.');
  }
  const asOf = source.asOf();
  const groups = new Groups(query);
  await forEachInTurns(source.adMinutes(query), clock, (record) => groups.addMinute(record));
  await forEachInTurns(source.attributedOrders(), clock, (records) => groups.addOrder(records));
  const rows = groups.rows().toSorted(byRevenue);
  return {
    groupBy,
    model,
    rows: rows.slice(0, limit),
    found: rows.length,
    asOf: asOf === 0 ? null : formatTime(asOf),
  };
}

interface Sums {
  readonly id: string;
  readonly currency: string;
  impressions: number;
  clicks: number;
  readonly costMicros: ExactSum;
  orders: number;
  readonly revenueMicros: ExactSum;
}

/** The ids of who has a part in something. */
interface Parties {
  readonly adId: string | null;
  readonly campaignId: string | null;
  readonly advertiserId: string | null;
}

class Groups {
  readonly #query: PerformanceQuery;
  readonly #groups = new Map<string, Sums>();

  constructor(query: PerformanceQuery) {
    this.#query = query;
  }

  addMinute(record: AdMinuteFigures): void {
    const group = this.#group(this.#idOf(record)!, record.currency);
    group.impressions += record.impressions;
    group.clicks += record.clicks;
    group.costMicros.add(record.costMicros);
  }

  /** Adds the records of one order. */
  addOrder(records: readonly AttributedOrder[]): void {
    const { from, to, model } = this.#query;
    // All records of an order have its time.
    if (records.length === 0 || records[0].orderTime < from || records[0].orderTime >= to) return;
    const credited = new Set<Sums>();
    for (const record of records) {
      if (record.model !== model || record.creditMicros === 0 || !this.#isWanted(record)) continue;
      const group = this.#group(this.#idOf(record)!, record.currency);
      group.revenueMicros.add(record.creditMicros);
      credited.add(group);
    }
    for (const group of credited) group.orders++;
  }

  rows(): PerformanceRow[] {
    return [...this.#groups.values()].map((sums) => {
      const [costMicros, revenueMicros] = [sums.costMicros.value, sums.revenueMicros.value];
      return {
        ...sums,
        costMicros,
        revenueMicros,
        cvr: sums.clicks === 0 ? null : sums.orders / sums.clicks,
        roas: costMicros === 0n ? null : Number(revenueMicros) / Number(costMicros),
      };
    });
  }

  #isWanted({ adId, campaignId, advertiserId }: Parties): boolean {
    const query = this.#query;
    return (
      (query.adId ?? adId) === adId &&
      (query.campaignId ?? campaignId) === campaignId &&
      (query.advertiserId ?? advertiserId) === advertiserId
    );
  }

  #idOf({ adId, campaignId, advertiserId }: Parties): string | null {
    return { ad: adId, campaign: campaignId, advertiser: advertiserId }[this.#query.groupBy];
  }

  #group(id: string, currency: string): Sums {
    // A currency has three letters, so this key has one reading.
    const key = currency + id;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const sums = {
      id,
      currency,
      impressions: 0,
      clicks: 0,
      costMicros: new ExactSum(),
      orders: 0,
      revenueMicros: new ExactSum(),
    };
    this.#groups.set(key, sums);
    return sums;
  }
}

function byRevenue(a: PerformanceRow, b: PerformanceRow): number {
  return (
    compare(b.revenueMicros, a.revenueMicros) ||
    compare(b.costMicros, a.costMicros) ||
    compare(a.id, b.id) ||
    compare(a.currency, b.currency)
  );
}

function compare<Value extends string | bigint>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
