import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { AdMinuteFilter } from '../embedded/ports.ts';
import type { AdMinuteFigures } from '../model/ad-minute.ts';
import { formatTime } from '../model/event-time.ts';
import { RollUp } from './roll-up.ts';
import { forEachInTurns, type TurnClock } from './turns.ts';
import { type Granularity, TimeBuckets } from './time-buckets.ts';

/** Where the figures come from: a Region is one. */
export interface AdMinuteSource {
  /** Records in the filter, in the order of their minutes; may be read with pauses. */
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
  /** Arrival up to which events are in the figures, RFC 3339; null while there is none. Later ones may be. */
  readonly asOf: string | null;
}

/**
 * Rolls ad minutes up to the query's buckets. Rejects with AdtallyError: bad_request for an unknown time zone, an empty range
 * or an answer of more than ROWS_MAX rows; sum_out_of_range when a sum of money passes 2^53 − 1 micros.
 */
export async function queryAdMinutes(
  source: AdMinuteSource,
  query: AdMinuteQuery,
  clock: TurnClock,
): Promise<AdMinuteReport> {
  if (!(query.from < query.to)) {
    throw new AdtallyError('bad_request', 'from must be before to: there is no time between them.');
  }
  const rollUp = new RollUp(new TimeBuckets(query.granularity, query.timezone));
  const asOf = source.asOf();
  await forEachInTurns(source.adMinutes(query), clock, (record) => rollUp.add(record));
  return { ...rollUp.finish(), asOf: asOf === 0 ? null : formatTime(asOf) };
}
