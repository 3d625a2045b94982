import type { UnixMs } from '../base/clock.ts';
import type { AttributionModel } from '../model/attributed-order.ts';
import type { Granularity } from './time-buckets.ts';

export const FIGURE_GROUPS = ['ad', 'campaign', 'advertiser', 'merchant', 'placement', 'total'] as const;
/** What a row stands for. Merchant and placement are those of the campaign. */
export type FigureGroup = (typeof FIGURE_GROUPS)[number];

/** Sums; what rows can be ordered by, the largest first. */
export const FIGURE_NAMES = ['impressions', 'clicks', 'costMicros', 'orders', 'revenueMicros'] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

export const FIGURE_ORDERS = ['start', ...FIGURE_NAMES] as const;
export type FigureOrder = (typeof FIGURE_ORDERS)[number];

/** Only what belongs to all of these. Whoever may see a part only is held to it here. */
export interface FiguresFilter {
  readonly adId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly advertiserId?: string | undefined;
  /** Of the campaign. */
  readonly merchantId?: string | undefined;
  /** Of the campaign. */
  readonly placement?: string | undefined;
  readonly currency?: string | undefined;
}

export interface FiguresQuery {
  readonly by: FigureGroup;
  /** `range` is one bucket from `from` to `to`. */
  readonly granularity: Granularity | 'range';
  /** IANA name of the zone whose clock cuts the buckets. */
  readonly timezone: string;
  /** Ads count by the minute of their events, orders by their own time, Unix ms; `from` inclusive, `to` exclusive. */
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly filter: FiguresFilter;
  readonly model: AttributionModel;
  /** Whether each row also has the figures of the same part of the period before, which is as long as this one. */
  readonly comparesPrevious: boolean;
  readonly order: FigureOrder;
  /** Most rows of the answer. */
  readonly limit: number;
}

/** Sums over records of one currency; exact, money in integer micros. */
export type FigureSums = Readonly<Record<FigureName, bigint>>;

/** Ratios of the sums; null where there is nothing to divide by. */
export interface FigureRates {
  /** Clicks per impression. */
  readonly ctr: number | null;
  /** Cost per click, micros. */
  readonly cpcMicros: number | null;
  /** Cost per thousand impressions, micros. */
  readonly cpmMicros: number | null;
  /** Orders per click. */
  readonly cvr: number | null;
  /** Revenue per cost. */
  readonly roas: number | null;
}

/** What a store finds: sums of one group, bucket and currency. */
export interface FoundFigures {
  /** Null for the total, and for campaigns without the merchant or placement asked for. */
  readonly id: string | null;
  readonly currency: string;
  /** Start of the bucket, Unix ms; may lie before the query's range. */
  readonly start: UnixMs;
  readonly sums: FigureSums;
  /** Of the period before; undefined when that was not asked for. */
  readonly previous: FigureSums | undefined;
}

/** How far a region's records have come in the store. */
export interface RegionProgress {
  readonly region: string;
  /** All that had arrived by then is in the figures, Unix ms; null while that is not known. */
  readonly asOf: UnixMs | null;
  /** No event accepted later changes what is of before this, Unix ms. */
  readonly finalBefore: UnixMs;
}

/** What a store answers: one state of it. */
export interface FiguresAnswer {
  readonly rows: readonly FoundFigures[];
  /** How many rows there are, beyond the limit too. */
  readonly found: number;
  readonly regions: readonly RegionProgress[];
}

export type Figures = FigureSums & FigureRates;

/** The sums with their ratios. */
export function withRates(sums: FigureSums): Figures {
  const { impressions, clicks, costMicros, orders, revenueMicros } = sums;
  return {
    impressions,
    clicks,
    ctr: ratio(clicks, impressions),
    costMicros,
    cpcMicros: ratio(costMicros, clicks),
    cpmMicros: ratio(1000n * costMicros, impressions),
    orders,
    cvr: ratio(orders, clicks),
    revenueMicros,
    roas: ratio(revenueMicros, costMicros),
  };
}

export const FIGURE_COLUMNS = [
  'impressions',
  'clicks',
  'ctr',
  'costMicros',
  'cpcMicros',
  'cpmMicros',
  'orders',
  'cvr',
  'revenueMicros',
  'roas',
] as const satisfies readonly (keyof Figures)[];

/** By how much `now` differs from `before`, as a share of that; null where there is nothing to compare with. */
export function changeOf(now: Figures, before: Figures): Record<keyof Figures, number | null> {
  const changes = FIGURE_COLUMNS.map((name) => [name, relativeChange(now[name], before[name])] as const);
  return Object.fromEntries(changes) as Record<keyof Figures, number | null>;
}

function relativeChange(now: bigint | number | null, before: bigint | number | null): number | null {
  if (now === null || before === null || Number(before) === 0) return null;
  // Sums are subtracted exactly: two large ones may differ by little.
  const difference =
    typeof now === 'bigint' && typeof before === 'bigint' ? now - before : Number(now) - Number(before);
  return Number(difference) / Number(before);
}

function ratio(a: bigint, b: bigint): number | null {
  return b === 0n ? null : Number(a) / Number(b);
}
