import type { UnixMs } from '../../base/clock.ts';

/** Figures of one bucket, group and currency; money in integer micros, bigint past 2^53; ratios null where nothing divides. */
export interface Figures {
  readonly impressions: number | bigint;
  readonly clicks: number | bigint;
  readonly ctr: number | null;
  readonly costMicros: number | bigint;
  readonly orders: number | bigint;
  readonly revenueMicros: number | bigint;
  readonly roas: number | null;
}

export type FigureName = keyof Figures;

export interface FiguresRow extends Figures {
  /** Start of the bucket, RFC 3339 with the zone's offset. */
  readonly start: string;
  readonly id: string | null;
  readonly currency: string;
  /** Whether no event that is accepted later can change it. */
  readonly final: boolean;
  /** Difference to the period before, as a share of that; null where there is nothing to compare with. */
  readonly change?: Readonly<Record<FigureName, number | null>>;
}

/** Answer of `GET /v1/reports/figures`. */
export interface FiguresAnswer {
  readonly granularity: 'minute' | 'hour' | 'day' | 'range';
  readonly timezone: string;
  /** RFC 3339. */
  readonly from: string;
  readonly rows: readonly FiguresRow[];
  /** How many rows there are, beyond the limit too. */
  readonly found: number;
  /** RFC 3339; null while it is not known. */
  readonly asOf: string | null;
}

/** What is asked for: all of it belongs to the advertiser and the campaign, where there are any. */
export interface FiguresQuestion {
  readonly by: 'total' | 'advertiser' | 'campaign' | 'ad';
  readonly granularity: 'minute' | 'hour' | 'day' | 'range';
  readonly timeZone: string;
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly advertiserId: string | null;
  readonly campaignId: string | null;
  readonly comparesPrevious: boolean;
  readonly limit: number;
  readonly format?: 'csv';
}

export function figuresPath(question: FiguresQuestion): string {
  const { by, granularity, timeZone, from, to, advertiserId, campaignId, comparesPrevious, limit, format } =
    question;
  const query = new URLSearchParams({
    by,
    granularity,
    timezone: timeZone,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    limit: String(limit),
  });
  if (advertiserId !== null) query.set('advertiserId', advertiserId);
  if (campaignId !== null) query.set('campaignId', campaignId);
  if (comparesPrevious) query.set('compare', 'previous');
  if (format !== undefined) query.set('format', format);
  return `/v1/reports/figures?${query.toString()}`;
}
