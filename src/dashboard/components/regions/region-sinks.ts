import type { BudgetFeeds, ReportsStatus } from '../../answers/region-answers.ts';

/** A store that takes in the records of a region. */
export interface SinkFeed {
  readonly sink: 'reporting store' | 'budgets';
  readonly region: string;
  readonly state: 'following' | 'catching up' | 'failing';
  readonly lagMs: number | null;
  /** Taken in per second; null until that is known. */
  readonly perSecond: number | null;
  readonly error: string | null;
}

/** Records taken in, by the name of their feed, at a moment of the browser's clock. */
export interface FeedSample {
  readonly at: number;
  readonly records: ReadonlyMap<string, number>;
}

/** The feeds of this region's stores. Ad minutes and orders of a region count as one: what lags is what lags most. */
export function sinkFeeds(
  reports: ReportsStatus | null,
  budgets: BudgetFeeds | null,
  rates: ReadonlyMap<string, number>,
): SinkFeed[] {
  const names = [...new Set((reports?.feeds ?? []).map(({ region }) => region))].toSorted();
  const stores = names.map((region): SinkFeed => {
    const feeds = reports!.feeds.filter((feed) => feed.region === region);
    const error = reports!.error ?? feeds.find((feed) => feed.error !== null)?.error ?? null;
    return {
      sink: 'reporting store',
      region,
      state: stateOf(
        error,
        feeds.every(({ caughtUp }) => caughtUp),
      ),
      lagMs: greatest(feeds.map(({ lagMs }) => lagMs)),
      perSecond: rates.get(`reporting ${region}`) ?? null,
      error,
    };
  });
  const ledgers = (budgets?.feeds ?? []).map(({ region, caughtUp, lagMs, error }): SinkFeed => {
    const perSecond = rates.get(`budgets ${region}`) ?? null;
    return { sink: 'budgets', region, state: stateOf(error, caughtUp), lagMs, perSecond, error };
  });
  return [...stores, ...ledgers.toSorted((a, b) => (a.region < b.region ? -1 : 1))];
}

/** What has been taken in, to be compared with a later one. */
export function sampleOf(at: number, reports: ReportsStatus | null, budgets: BudgetFeeds | null): FeedSample {
  const records = new Map<string, number>();
  const add = (name: string, count: number): unknown => records.set(name, (records.get(name) ?? 0) + count);
  for (const { region, records: taken } of reports?.feeds ?? []) add(`reporting ${region}`, taken);
  for (const { region, charged } of budgets?.feeds ?? []) add(`budgets ${region}`, charged);
  return { at, records };
}

/** Records per second between two samples. A count that fell began anew. */
export function ratesBetween(before: FeedSample, after: FeedSample): Map<string, number> {
  const seconds = (after.at - before.at) / 1000;
  const rates = new Map<string, number>();
  if (seconds <= 0) return rates;
  for (const [name, records] of after.records) {
    const earlier = before.records.get(name);
    if (earlier !== undefined) rates.set(name, Math.max(0, records - earlier) / seconds);
  }
  return rates;
}

/** Null where one is not known. */
export function greatest(lags: readonly (number | null)[]): number | null {
  return lags.length === 0 || lags.includes(null) ? null : Math.max(...(lags as number[]));
}

function stateOf(error: string | null, isCaughtUp: boolean): SinkFeed['state'] {
  if (error !== null) return 'failing';
  return isCaughtUp ? 'following' : 'catching up';
}
