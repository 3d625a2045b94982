import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import type { FiguresFilter, FiguresQuery, FigureSums } from '../../../src/reporting/figures.ts';
import { TimeBuckets } from '../../../src/reporting/time-buckets.ts';
import type { CampaignAttributes } from '../../../src/union-load/ports.ts';
import type { NaiveStore } from './record-world.ts';

const MINUTE_MS = 60_000;

export interface NaiveRow {
  readonly id: string | null;
  readonly currency: string;
  readonly start: number;
  readonly sums: FigureSums;
  readonly previous: FigureSums | undefined;
}

/** The rows of a query, one record after the other; in no order. */
export function naiveFigures(
  { minutes, orders }: NaiveStore,
  campaigns: readonly CampaignAttributes[],
  query: FiguresQuery,
): NaiveRow[] {
  const rows = new Map<string, NaiveRow & { sums: Mutable; before: Mutable }>();
  const startOf = naiveBuckets(query);
  const row = (record: AdMinute | AttributedOrder, time: number): Mutable | undefined => {
    const length = query.to - query.from;
    const isBefore = query.comparesPrevious && time >= query.from - length && time < query.from;
    if (!isBefore && (time < query.from || time >= query.to)) return undefined;
    if (!isWanted(record, query.filter, campaigns)) return undefined;
    const start = startOf(isBefore ? time + length : time);
    const id = idOf(record, query, campaigns);
    const key = JSON.stringify([id, start, record.currency]);
    const sums = rows.get(key) ?? {
      id,
      currency: record.currency,
      start,
      sums: zero(),
      before: zero(),
      previous: undefined,
    };
    rows.set(key, sums);
    return isBefore ? sums.before : sums.sums;
  };
  for (const record of minutes.values()) {
    const sums = row(record, record.minute);
    if (sums === undefined) continue;
    sums.impressions += BigInt(record.impressions);
    sums.clicks += BigInt(record.clicks);
    sums.costMicros += BigInt(record.costMicros);
  }
  const counted = new Map<Mutable, Set<string>>();
  for (const record of orders.values()) {
    if (record.model !== query.model || record.creditMicros === 0) continue;
    const sums = row(record, record.orderTime);
    if (sums === undefined) continue;
    sums.revenueMicros += BigInt(record.creditMicros);
    counted.set(sums, (counted.get(sums) ?? new Set()).add(record.orderId));
  }
  for (const [sums, ids] of counted) sums.orders = BigInt(ids.size);
  return [...rows.values()].map(({ before, ...rest }) => ({
    ...rest,
    previous: query.comparesPrevious ? before : undefined,
  }));
}

function has(wanted: string | undefined, value: string | null | undefined): boolean {
  return wanted === undefined || wanted === value;
}

type Mutable = { -readonly [Name in keyof FigureSums]: bigint };

function zero(): Mutable {
  return { impressions: 0n, clicks: 0n, costMicros: 0n, orders: 0n, revenueMicros: 0n };
}

function isWanted(
  record: AdMinute | AttributedOrder,
  filter: FiguresFilter,
  campaigns: readonly CampaignAttributes[],
): boolean {
  const campaign = campaigns.find(({ campaignId }) => campaignId === record.campaignId);
  return (
    has(filter.adId, record.adId) &&
    has(filter.campaignId, record.campaignId) &&
    has(filter.advertiserId, record.advertiserId) &&
    has(filter.currency, record.currency) &&
    has(filter.merchantId, campaign?.merchantId) &&
    has(filter.placement, campaign?.placement)
  );
}

function idOf(
  record: AdMinute | AttributedOrder,
  { by }: FiguresQuery,
  campaigns: readonly CampaignAttributes[],
): string | null {
  const campaign = campaigns.find(({ campaignId }) => campaignId === record.campaignId);
  return {
    ad: record.adId,
    campaign: record.campaignId,
    advertiser: record.advertiserId,
    merchant: campaign?.merchantId ?? null,
    placement: campaign?.placement ?? null,
    total: null,
  }[by];
}

/** Days and quarters by walking through the minutes and looking at the wall clock with another library. */
function naiveBuckets({ granularity, timezone, from, to }: FiguresQuery): (time: number) => number {
  if (granularity === 'range') return () => from;
  if (granularity === 'minute') return (time) => Math.floor(time / MINUTE_MS) * MINUTE_MS;
  if (granularity === 'hour') {
    const buckets = new TimeBuckets('hour', timezone);
    return (time) => buckets.startOf(time);
  }
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  const starts = new Map<number, number>();
  let [label, start] = ['', 0];
  const first = Math.floor(from / MINUTE_MS) * MINUTE_MS - 30 * 60 * MINUTE_MS;
  for (let minute = first; minute < to; minute += MINUTE_MS) {
    const [date, hour] = clock.format(minute).split(', ');
    const next = granularity === 'day' ? date : `${date} ${Math.floor(Number(hour) / 6)}`;
    if (next !== label) [label, start] = [next, minute];
    starts.set(minute, start);
  }
  return (time) => starts.get(Math.floor(time / MINUTE_MS) * MINUTE_MS)!;
}
