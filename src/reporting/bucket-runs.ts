import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { MINUTE_MS } from '../base/units.ts';
import { TimeBuckets } from './time-buckets.ts';
import type { FiguresQuery } from './figures.ts';

/** Most buckets of one answer, but for minutes, which need no list. */
const BUCKETS_MAX = 20_000;

/** Buckets of one length, one after the other. */
export interface BucketRun {
  readonly start: UnixMs;
  /** Where the next run begins; Infinity for the last one. */
  readonly end: UnixMs;
  readonly widthMs: number;
}

/** The buckets of a query's range, as a store can compute with them: a few runs of equal length, in their order. */
export class BucketRuns {
  readonly runs: readonly BucketRun[];
  readonly #query: FiguresQuery;
  readonly #format: TimeBuckets;

  /** Throws AdtallyError bad_request: an unknown zone, an empty range, too many buckets. */
  constructor(query: FiguresQuery) {
    const { from, to, granularity, timezone } = query;
    if (!(from < to)) {
      throw new AdtallyError('bad_request', 'from must be before to: there is no time between them.');
    }
    this.#query = query;
    this.#format = new TimeBuckets('minute', timezone);
    if (granularity === 'range') this.runs = [{ start: from, end: Infinity, widthMs: to - from }];
    else if (granularity === 'minute') this.runs = [{ start: 0, end: Infinity, widthMs: MINUTE_MS }];
    else this.runs = runsOf(startsOf(query, new TimeBuckets(granularity, timezone)));
  }

  /** Where the bucket that begins at `start` ends, or the range with it. */
  endOf(start: UnixMs): UnixMs {
    const run = this.runs.find(({ end }) => start < end)!;
    return Math.min(start + run.widthMs, this.#query.to);
  }

  /** RFC 3339 with the zone's offset at that moment. */
  format(time: UnixMs): string {
    return this.#format.format(time);
  }
}

function startsOf({ from, to }: FiguresQuery, buckets: TimeBuckets): UnixMs[] {
  const starts: UnixMs[] = [];
  for (const start of buckets.startsBetween(from, to)) {
    if (starts.push(start) <= BUCKETS_MAX) continue;
    throw new AdtallyError(
      'bad_request',
      `From from to to there are more than ${BUCKETS_MAX} buckets: take a coarser granularity or a shorter range.`,
    );
  }
  // The last one's end does not matter within the range: it is where the range ends, at the latest.
  starts.push(Math.max(to, starts.at(-1)! + 1));
  return starts;
}

/** `marks`: the starts, and the end of the last bucket. */
function runsOf(marks: readonly UnixMs[]): BucketRun[] {
  const runs: BucketRun[] = [];
  for (let n = 0; n + 1 < marks.length; n++) {
    const widthMs = marks[n + 1] - marks[n];
    const last = runs.at(-1);
    if (last?.widthMs === widthMs) runs[runs.length - 1] = { ...last, end: marks[n + 1] };
    else runs.push({ start: marks[n], end: marks[n + 1], widthMs });
  }
  return runs.map((run, n) => (n + 1 < runs.length ? run : { ...run, end: Infinity }));
}
