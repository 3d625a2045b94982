import { Counter, Gauge } from 'prom-client';
import { SECOND_MS } from '../base/units.ts';
import type { ReportsStatus } from '../reporting/reports.ts';

/** Asks the stores of a region how they are, by name; a store that it runs without is undefined. */
export type StoreStatuses = Readonly<Record<string, () => Promise<ReportsStatus> | undefined>>;

type FeedLoadStatus = ReportsStatus['feeds'][number];

const FEED_LABELS = ['store', 'region', 'kind'] as const;

/** Figures of the stores that follow the feeds, and of each feed in each of them. */
export function storeMetrics(stores: StoreStatuses): (Gauge | Counter)[] {
  return [
    storeMetric(stores, {
      kind: Gauge,
      name: 'adtally_store_running',
      help: 'Whether the store runs: 1, or 0 while it cannot be opened or is started again.',
      value: ({ state }) => (state === 'running' ? 1 : 0),
    }),
    storeMetric(stores, {
      kind: Counter,
      name: 'adtally_store_restarts_total',
      help: 'How often the store was started again.',
      value: ({ restarts }) => restarts,
    }),
    feedMetric(stores, {
      kind: Gauge,
      name: 'adtally_store_lag_seconds',
      help: 'How long ago the store last had all of the feed; 0 while it has. None before it first had.',
      value: ({ lagMs }) => (lagMs === null ? null : lagMs / SECOND_MS),
    }),
    feedMetric(stores, {
      kind: Counter,
      name: 'adtally_store_records_total',
      help: 'Records taken in since the store was started, a record as often as it came.',
      value: ({ records }) => records,
    }),
    feedMetric(stores, {
      kind: Gauge,
      name: 'adtally_store_failures',
      help: 'Attempts to load the feed that have failed in a row.',
      value: ({ failures }) => failures,
    }),
    feedMetric(stores, {
      kind: Counter,
      name: 'adtally_store_feed_restarts_total',
      help: 'How often the feed was read from its beginning again since the store was started.',
      value: ({ restarts }) => restarts,
    }),
  ];
}

interface Described<Of> {
  readonly kind: typeof Gauge | typeof Counter;
  readonly name: string;
  readonly help: string;
  /** Null for none. */
  readonly value: (of: Of) => number | null;
}

function storeMetric(stores: StoreStatuses, described: Described<ReportsStatus>): Gauge | Counter {
  return makeMetric(stores, described, ['store'], (store, status) => [
    [{ store }, described.value(status)] as const,
  ]);
}

function feedMetric(stores: StoreStatuses, described: Described<FeedLoadStatus>): Gauge | Counter {
  return makeMetric(stores, described, FEED_LABELS, (store, { feeds }) =>
    feeds.map((feed) => {
      const { region, kind } = feed;
      return [{ store, region, kind }, described.value(feed)] as const;
    }),
  );
}

type Figure = readonly [labels: Record<string, string>, value: number | null];

function makeMetric(
  stores: StoreStatuses,
  { kind, name, help }: Pick<Described<unknown>, 'kind' | 'name' | 'help'>,
  labelNames: readonly string[],
  figuresOf: (store: string, status: ReportsStatus) => readonly Figure[],
): Gauge | Counter {
  const options = { name, help, labelNames, registers: [] };
  const collect = async (set: (labels: Record<string, string>, value: number) => void): Promise<void> => {
    for (const [store, ask] of Object.entries(stores)) {
      const status = await ask();
      if (status === undefined) continue;
      for (const [labels, value] of figuresOf(store, status)) if (value !== null) set(labels, value);
    }
  };
  if (kind === Gauge) {
    return new Gauge({
      ...options,
      async collect() {
        this.reset();
        await collect((labels, value) => this.set(labels, value));
      },
    });
  }
  return new Counter({
    ...options,
    async collect() {
      this.reset();
      await collect((labels, value) => this.inc(labels, value));
    },
  });
}
