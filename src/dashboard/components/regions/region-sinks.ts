import type { BudgetFeeds, StoreStatus, StoresAnswer } from '../../answers/region-answers.ts';

/** A store that takes in the records of a region. */
export interface SinkFeed {
  readonly sink: 'reporting store' | 'warehouse' | 'budgets';
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
  stores: StoresAnswer | null,
  budgets: BudgetFeeds | null,
  rates: ReadonlyMap<string, number>,
): SinkFeed[] {
  const reporting = storeFeeds('reporting store', stores?.reporting ?? null, rates);
  const warehouse = storeFeeds('warehouse', stores?.warehouse ?? null, rates);
  const ledgers = (budgets?.feeds ?? []).map(({ region, caughtUp, lagMs, error }): SinkFeed => {
    const perSecond = rates.get(`budgets ${region}`) ?? null;
    return { sink: 'budgets', region, state: stateOf(error, caughtUp), lagMs, perSecond, error };
  });
  return [...reporting, ...warehouse, ...ledgers.toSorted((a, b) => (a.region < b.region ? -1 : 1))];
}

function storeFeeds(
  sink: 'reporting store' | 'warehouse',
  status: StoreStatus | null,
  rates: ReadonlyMap<string, number>,
): SinkFeed[] {
  if (status === null) return [];
  const names = [...new Set(status.feeds.map(({ region }) => region))].toSorted();
  return names.map((region) => {
    const feeds = status.feeds.filter((feed) => feed.region === region);
    const error = status.error ?? feeds.find((feed) => feed.error !== null)?.error ?? null;
    const isCaughtUp = feeds.every(({ caughtUp }) => caughtUp);
    return {
      sink,
      region,
      state: stateOf(error, isCaughtUp),
      lagMs: greatest(feeds.map(({ lagMs }) => lagMs)),
      perSecond: rates.get(`${sink} ${region}`) ?? null,
      error,
    };
  });
}

/** What has been taken in, to be compared with a later one. */
export function sampleOf(at: number, stores: StoresAnswer | null, budgets: BudgetFeeds | null): FeedSample {
  const records = new Map<string, number>();
  const add = (name: string, count: number): unknown => records.set(name, (records.get(name) ?? 0) + count);
  for (const { region, records: taken } of stores?.reporting?.feeds ?? [])
    add(`reporting store ${region}`, taken);
  for (const { region, records: taken } of stores?.warehouse?.feeds ?? []) add(`warehouse ${region}`, taken);
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
