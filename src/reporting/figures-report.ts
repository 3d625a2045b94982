import { formatTime } from '../model/event-time.ts';
import type { FeedLoadStatus } from '../union-load/feed-loader.ts';
import type { BucketRuns } from './bucket-runs.ts';
import {
  changeOf,
  withRates,
  type Figures,
  type FiguresAnswer,
  type FiguresQuery,
  type FoundFigures,
  type RegionProgress,
} from './figures.ts';

/** A row of a report. */
export interface FiguresRow extends Figures {
  /** Start of the bucket, RFC 3339 with the zone's offset. */
  readonly start: string;
  /** Ad, campaign, advertiser, merchant or placement; null for the total, and for campaigns without what is asked for. */
  readonly id: string | null;
  readonly currency: string;
  /** Whether no event accepted later can change it. */
  readonly final: boolean;
  /** The same part of the period before, where compared. */
  readonly previous?: Figures;
  /** By how much each figure differs from the period before, as a share of that. */
  readonly change?: Readonly<Record<keyof Figures, number | null>>;
}

/** A region as it stands in a report. */
export interface RegionReport {
  readonly region: string;
  /** All that had arrived there by then is in the figures, RFC 3339; null while that is not known. */
  readonly asOf: string | null;
  /** Milliseconds since the store last had all of the region; 0 while it has, null when that is not known. */
  readonly lagMs: number | null;
}

/** The answer of `GET /v1/reports/figures`. */
export interface FiguresReport {
  readonly by: FiguresQuery['by'];
  readonly granularity: FiguresQuery['granularity'];
  readonly timezone: string;
  readonly model: FiguresQuery['model'];
  readonly from: string;
  readonly to: string;
  readonly rows: readonly FiguresRow[];
  /** How many rows there are, beyond the limit too. */
  readonly found: number;
  /** That of the region furthest behind, RFC 3339; null while that of one is not known. */
  readonly asOf: string | null;
  readonly regions: readonly RegionReport[];
}

/** The report that an answer of the store makes. `feeds`: what is followed, also where nothing has come of it yet. */
export function figuresReport(
  query: FiguresQuery,
  buckets: BucketRuns,
  answer: FiguresAnswer,
  feeds: readonly FeedLoadStatus[],
): FiguresReport {
  const { by, granularity, timezone, model, from, to } = query;
  const names = [...new Set(feeds.map(({ region }) => region))];
  const progress = names.map((name) => progressOf(name, answer.regions));
  const finalBefore = Math.min(...progress.map((region) => region.finalBefore));
  const known = progress.map(({ asOf }) => asOf);
  const asOf = known.every((time) => time !== null) && known.length > 0 ? Math.min(...known) : null;
  return {
    by,
    granularity,
    timezone,
    model,
    from: buckets.format(from),
    to: buckets.format(to),
    rows: answer.rows.map((row) => rowOf(row, buckets, finalBefore)),
    found: answer.found,
    asOf: timeOrNull(asOf),
    regions: progress.map((region) => ({
      region: region.region,
      asOf: timeOrNull(region.asOf),
      lagMs: lagOf(feeds.filter((feed) => feed.region === region.region)),
    })),
  };
}

function rowOf(found: FoundFigures, buckets: BucketRuns, finalBefore: number): FiguresRow {
  const { id, currency, start, sums, previous } = found;
  const figures = withRates(sums);
  const before = previous === undefined ? undefined : withRates(previous);
  return {
    start: buckets.format(start),
    id,
    currency,
    ...figures,
    final: buckets.endOf(start) <= finalBefore,
    ...(before === undefined ? {} : { previous: before, change: changeOf(figures, before) }),
  };
}

/** A region that nothing has come of is not final anywhere. */
function progressOf(name: string, regions: readonly RegionProgress[]): RegionProgress {
  return regions.find(({ region }) => region === name) ?? { region: name, asOf: null, finalBefore: 0 };
}

function lagOf(feeds: readonly FeedLoadStatus[]): number | null {
  const lags = feeds.map(({ lagMs }) => lagMs);
  return lags.every((lagMs) => lagMs !== null) ? Math.round(Math.max(...lags)) : null;
}

function timeOrNull(time: number | null): string | null {
  // 0 is what a region says that nothing has arrived at.
  return time === null || time === 0 ? null : formatTime(time);
}
