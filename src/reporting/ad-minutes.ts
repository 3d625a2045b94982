import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { AdMinuteFilter } from '../embedded/ports.ts';
import type { AdMinuteFigures } from '../model/ad-minute.ts';
import { formatTime } from '../model/event-time.ts';
import { type Granularity, TimeBuckets } from './time-buckets.ts';

/** Most rows of one answer. */
export const ROWS_MAX = 100_000;

/** Where the figures come from: a Region is one. */
export interface AdMinuteSource {
  /** Records in the filter; in the order of their minutes it goes fastest. */
  adMinutes(filter: AdMinuteFilter): Iterable<AdMinuteFigures>;
  /** The latest arrival whose events are visible, Unix ms; 0 when there is none. */
  asOf(): UnixMs;
}

/** Only minutes that start from `from` (inclusive) to `to` (exclusive) are summed, also in the first and last bucket. */
export interface AdMinuteQuery extends AdMinuteFilter {
  readonly granularity: Granularity;
  /** IANA name of the time zone whose clock cuts the buckets. */
  readonly timezone: string;
}

/** What was counted. */
export interface Figures {
  readonly impressions: number;
  readonly clicks: number;
  /** Clicks per impression; null without impressions. */
  readonly ctr: number | null;
}

/** One ad in one bucket and currency. */
export interface AdMinuteRow extends Figures {
  /** Start of the bucket, RFC 3339 with the zone's offset. */
  readonly start: string;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  /** Integer micros of `currency`. */
  readonly costMicros: number;
}

export interface AdMinuteTotals extends Figures {
  /** Integer micros by currency: money of two currencies is never added up. */
  readonly costMicros: Readonly<Record<string, number>>;
}

/** The answer of `GET /v1/ad-minutes`. Buckets without events have no row. */
export interface AdMinuteReport {
  /** By start, then adId, campaignId, advertiserId, currency. */
  readonly rows: readonly AdMinuteRow[];
  readonly totals: AdMinuteTotals;
  /** Arrival up to which events are in the figures, RFC 3339; null while there is none. */
  readonly asOf: string | null;
}

/** Sums of a row while records are added. */
interface Sums {
  readonly start: UnixMs;
  readonly first: AdMinuteFigures;
  impressions: number;
  clicks: number;
  costMicros: number;
}

/**
 * Rolls ad minutes up to the query's buckets. Throws AdtallyError: bad_request for an unknown time zone, an empty range
 * or an answer of more than ROWS_MAX rows; sum_out_of_range when a sum of money passes 2^53 − 1 micros.
 */
export function queryAdMinutes(source: AdMinuteSource, query: AdMinuteQuery): AdMinuteReport {
  if (!(query.from < query.to)) {
    throw new AdtallyError('bad_request', 'from must be before to: there is no time between them.');
  }
  const buckets = new TimeBuckets(query.granularity, query.timezone);
  // Read first: the figures may be newer than asOf says, never older.
  const asOf = source.asOf();
  const sums = sumByRow(source.adMinutes(query), buckets).toSorted(compareRows);
  return {
    rows: renderRows(sums, buckets),
    totals: totalsOf(sums),
    asOf: asOf === 0 ? null : formatTime(asOf),
  };
}

function sumByRow(records: Iterable<AdMinuteFigures>, buckets: TimeBuckets): Sums[] {
  const rows = new Map<string, Sums>();
  for (const record of records) {
    const start = buckets.startOf(record.minute);
    // No identifier holds a control character, so this key has one reading.
    const key = `${start}\n${record.adId}\n${record.campaignId}\n${record.advertiserId}\n${record.currency}`;
    let row = rows.get(key);
    if (row === undefined) {
      if (rows.size === ROWS_MAX) throw tooManyRows();
      row = { start, first: record, impressions: 0, clicks: 0, costMicros: 0 };
      rows.set(key, row);
    }
    row.impressions += record.impressions;
    row.clicks += record.clicks;
    row.costMicros = addMicros(row.costMicros, record.costMicros, record.currency);
  }
  return [...rows.values()];
}

function tooManyRows(): AdtallyError {
  return new AdtallyError(
    'bad_request',
    `The answer would have more than ${ROWS_MAX} rows: bring from and to closer together, take a coarser granularity, ` +
      'or name an adId, campaignId or advertiserId.',
  );
}

function compareRows(a: Sums, b: Sums): number {
  return (
    a.start - b.start ||
    compareText(a.first.adId, b.first.adId) ||
    compareText(a.first.campaignId, b.first.campaignId) ||
    compareText(a.first.advertiserId, b.first.advertiserId) ||
    compareText(a.first.currency, b.first.currency)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function renderRows(sums: readonly Sums[], buckets: TimeBuckets): AdMinuteRow[] {
  let formatted = { time: Number.NaN, text: '' };
  return sums.map(({ start, first, impressions, clicks, costMicros }) => {
    if (formatted.time !== start) formatted = { time: start, text: buckets.format(start) };
    return {
      start: formatted.text,
      adId: first.adId,
      campaignId: first.campaignId,
      advertiserId: first.advertiserId,
      currency: first.currency,
      impressions,
      clicks,
      costMicros,
      ctr: clickRate(impressions, clicks),
    };
  });
}

function totalsOf(sums: readonly Sums[]): AdMinuteTotals {
  let impressions = 0;
  let clicks = 0;
  const costs = new Map<string, number>();
  for (const row of sums) {
    const { currency } = row.first;
    impressions += row.impressions;
    clicks += row.clicks;
    costs.set(currency, addMicros(costs.get(currency) ?? 0, row.costMicros, currency));
  }
  const costMicros = Object.fromEntries([...costs].toSorted(([a], [b]) => compareText(a, b)));
  return { impressions, clicks, costMicros, ctr: clickRate(impressions, clicks) };
}

function addMicros(a: number, b: number, currency: string): number {
  const sum = a + b;
  if (sum > Number.MAX_SAFE_INTEGER) {
    throw new AdtallyError(
      'sum_out_of_range',
      `The costs in ${currency} add up to more than 2^53 − 1 micros.`,
    );
  }
  return sum;
}

function clickRate(impressions: number, clicks: number): number | null {
  return impressions === 0 ? null : clicks / impressions;
}
