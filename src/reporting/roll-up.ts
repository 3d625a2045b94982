import { assert } from '../base/assert.ts';
import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { AdMinuteFigures } from '../model/ad-minute.ts';
import type { AdMinuteReport, AdMinuteRow, AdMinuteTotals } from './ad-minutes.ts';
import type { TimeBuckets } from './time-buckets.ts';

/** Most rows of one answer. */
export const ROWS_MAX = 50_000;

/** Sums of a row while records are added to it. */
interface Sums {
  readonly first: AdMinuteFigures;
  impressions: number;
  clicks: number;
  costMicros: number;
}

/** Adds up records, which come in the order of their minutes, to rows: one bucket at a time, each finished before the next. */
export class RollUp {
  readonly #buckets: TimeBuckets;
  #start: UnixMs = -Infinity;
  /** The rows of the bucket that begins at #start. */
  #bucket = new Map<string, Sums>();
  readonly #rows: AdMinuteRow[] = [];
  #impressions = 0;
  #clicks = 0;
  readonly #costs = new Map<string, number>();

  constructor(buckets: TimeBuckets) {
    this.#buckets = buckets;
  }

  /** Throws AdtallyError: bad_request for more than ROWS_MAX rows, sum_out_of_range past 2^53 − 1 micros. */
  add(record: AdMinuteFigures): void {
    const start = this.#buckets.startOf(record.minute);
    if (start !== this.#start) this.#begin(start);
    const { adId, campaignId, advertiserId, currency } = record;
    // No identifier holds a control character, so this key has one reading.
    const key = `${adId}\n${campaignId}\n${advertiserId}\n${currency}`;
    const row = this.#bucket.get(key) ?? this.#open(key, record);
    row.impressions += record.impressions;
    row.clicks += record.clicks;
    row.costMicros = addMicros(row.costMicros, record.costMicros, currency);
  }

  finish(): Pick<AdMinuteReport, 'rows' | 'totals'> {
    this.#begin(Infinity);
    return { rows: this.#rows, totals: this.#totals() };
  }

  #begin(start: UnixMs): void {
    assert(start > this.#start, 'records are rolled up in the order of their minutes');
    const text = this.#bucket.size === 0 ? '' : this.#buckets.format(this.#start);
    for (const sums of [...this.#bucket.values()].toSorted(byIds)) this.#close(text, sums);
    this.#start = start;
    this.#bucket = new Map();
  }

  #open(key: string, first: AdMinuteFigures): Sums {
    if (this.#rows.length + this.#bucket.size === ROWS_MAX) throw tooManyRows();
    const sums = { first, impressions: 0, clicks: 0, costMicros: 0 };
    this.#bucket.set(key, sums);
    return sums;
  }

  #close(start: string, { first, impressions, clicks, costMicros }: Sums): void {
    const { adId, campaignId, advertiserId, currency } = first;
    const ctr = clickRate(impressions, clicks);
    this.#rows.push({
      start,
      adId,
      campaignId,
      advertiserId,
      currency,
      impressions,
      clicks,
      costMicros,
      ctr,
    });
    this.#impressions += impressions;
    this.#clicks += clicks;
    this.#costs.set(currency, addMicros(this.#costs.get(currency) ?? 0, costMicros, currency));
  }

  #totals(): AdMinuteTotals {
    const [impressions, clicks] = [this.#impressions, this.#clicks];
    const costMicros = Object.fromEntries([...this.#costs].toSorted(([a], [b]) => compareText(a, b)));
    return { impressions, clicks, costMicros, ctr: clickRate(impressions, clicks) };
  }
}

function tooManyRows(): AdtallyError {
  return new AdtallyError(
    'bad_request',
    `The answer would have more than ${ROWS_MAX} rows: bring from and to closer together, take a coarser granularity, ` +
      'or name an adId, campaignId or advertiserId.',
  );
}

function byIds(a: Sums, b: Sums): number {
  return (
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
