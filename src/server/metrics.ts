import { Counter, Gauge, Histogram } from 'prom-client';
import { SECOND_MS } from '../base/units.ts';
import type { BudgetServiceStatus } from '../budget/budget-service.ts';
import type { FeedStatus } from '../budget/peer/peer-follower.ts';
import type { Region, RegionStatus } from '../embedded/ports.ts';
import { RegistryMetrics } from './serving/registry-metrics.ts';
import { peerMetrics, type PeerView } from './stream/peer-metrics.ts';
import { ORDER_VERDICTS } from '../model/order-verdict.ts';
import { VERDICTS } from '../model/verdict.ts';
import { storeMetrics, type StoreStatuses } from './store-metrics.ts';

/** A figure of the region as a metric. */
interface RegionMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (status: RegionStatus) => number;
}

const REGION_METRICS: readonly RegionMetric[] = [
  counter('events_received_total', 'Events received since the region began.', (s) => s.received),
  gauge('records', 'Ad minutes held.', (s) => s.records),
  gauge('remembered_ids', 'Event ids remembered.', (s) => s.rememberedIds),
  gauge('id_index_bytes', 'Memory of the index of event ids.', (s) => s.idIndexBytes),
  gauge('touches', 'Touches held, in memory and on the disk.', (s) => s.touches),
  gauge('touch_memory_bytes', 'Memory of touches not yet on the disk.', (s) => s.touchMemoryBytes),
  gauge('touch_runs', 'Files of touches, each of them read by a look-up.', (s) => s.touchRuns),
  counter(
    'orders_received_total',
    'Versions of orders received since the region began.',
    (s) => s.orders.received,
  ),
  gauge('orders', 'Orders held.', (s) => s.orders.held),
  gauge('orders_pending', 'Orders that wait for the order service.', (s) => s.orders.pending),
  gauge('pending_bytes', 'Bytes accepted but not yet answered.', (s) => s.pendingBytes),
  gauge('log_bytes', 'Size of the log on disk.', (s) => s.logBytes),
  gauge('log_segments', 'Segments of the log.', (s) => s.logSegments),
  counter('log_written_bytes_total', 'Bytes written to the log.', (s) => s.logBytesWritten),
  counter('snapshot_written_bytes_total', 'Bytes written to snapshots.', (s) => s.snapshotBytesWritten),
  counter('commits_total', 'Groups made durable.', (s) => s.commits),
  gauge('last_commit_seconds', 'How long the last commit took.', (s) => s.commitMsLast / SECOND_MS),
  counter('snapshots_total', 'Snapshots taken.', (s) => s.snapshots),
  gauge('quarantine_events', 'Events held in quarantine.', (s) => s.quarantineHeld),
  counter('quarantine_dropped_total', 'Events dropped from a full quarantine.', (s) => s.quarantineDropped),
  gauge('recovery_seconds', 'How long the last start took.', (s) => s.recovery.durationMs / SECOND_MS),
  gauge(
    'recovery_replayed_events',
    'Events replayed from the log at the last start.',
    (s) => s.recovery.replayedEvents,
  ),
  gauge(
    'recovery_torn_bytes',
    'Bytes of a torn write cut off at the last start.',
    (s) => s.recovery.tornBytesCut,
  ),
];

const VISIBLE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1];

/** What stands around the region and has figures of its own. */
interface MetricSources {
  readonly budget?: () => BudgetServiceStatus | undefined;
  readonly peer?: PeerView;
  readonly stores?: StoreStatuses;
}

/** What `/metrics` shows, in a registry of its own. */
export class ServerMetrics extends RegistryMetrics {
  private readonly stopListening: () => void;

  constructor(
    region: Region,
    heldBytes: () => number,
    { budget = () => undefined, peer, stores = {} }: MetricSources = {},
  ) {
    const visible = new Histogram({
      name: 'adtally_visible_seconds',
      help: 'From accepting a request to its events being durable and visible, per group; the answer leaves after that.',
      buckets: VISIBLE_BUCKETS,
      registers: [],
    });
    super([
      ...REGION_METRICS.map((metric) => regionMetric(region, metric)),
      verdictCounter(region),
      orderVerdictCounter(region),
      receivingGauge(heldBytes),
      ...budgetMetrics(budget),
      ...peerMetrics(region, peer),
      ...storeMetrics(stores),
      visible,
    ]);
    this.stopListening = region.onChange(({ acceptedAtMs, visibleAtMs }) =>
      visible.observe((visibleAtMs - acceptedAtMs) / SECOND_MS),
    );
  }

  override close(): void {
    this.stopListening();
    super.close();
  }
}

export function receivingGauge(heldBytes: () => number): Gauge {
  return liveGauge('adtally_receiving_bytes', 'Bytes of request bodies being received.', heldBytes);
}

/** A figure for the feed of each region that the ledger follows. */
function feedGauge(
  name: string,
  help: string,
  status: () => BudgetServiceStatus | undefined,
  value: (feed: FeedStatus) => number | null,
): Gauge {
  return new Gauge({
    name: `adtally_budget_feed_${name}`,
    help,
    labelNames: ['region'],
    registers: [],
    collect() {
      this.reset();
      for (const feed of status()?.feeds ?? []) {
        const figure = value(feed);
        if (figure !== null) this.set({ region: feed.region }, figure);
      }
    },
  });
}

function budgetMetrics(status: () => BudgetServiceStatus | undefined): Gauge[] {
  const lag = 'How long the oldest change that is not charged yet has waited.';
  return [
    liveGauge('adtally_budget_lag_seconds', lag, () => (status()?.lagMs ?? 0) / SECOND_MS),
    liveGauge('adtally_budget_entries', 'Entries of the ledger.', () => status()?.entries ?? 0),
    liveGauge('adtally_budget_failing', '1 while the ledger cannot go on.', () =>
      status()?.state === 'failing' ? 1 : 0,
    ),
    feedGauge(
      'lag_seconds',
      'How long there may have been something to charge.',
      status,
      (feed) => feed.lagMs / SECOND_MS,
    ),
    feedGauge('failing', '1 while the feed cannot be followed.', status, (feed) =>
      feed.state === 'failing' ? 1 : 0,
    ),
    feedGauge(
      'cursor_kept_timestamp_seconds',
      'When the ledger last took a page, Unix seconds.',
      status,
      (feed) => (feed.cursorKeptAt === null ? null : feed.cursorKeptAt / SECOND_MS),
    ),
    feedGauge('refused', 'Records refused since the start.', status, (feed) => feed.refused),
  ];
}

function regionMetric(region: Region, { name, kind, help, value }: RegionMetric): Counter | Gauge {
  const read = (): number => value(region.status());
  if (kind === 'gauge') return liveGauge(name, help, read);
  return liveCounter(name, help, read);
}

/** A counter that shows what others count. */
export function liveCounter(name: string, help: string, value: () => number): Counter {
  return new Counter({
    name,
    help,
    registers: [],
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}

/** A gauge that is read when it is asked for. */
export function liveGauge(name: string, help: string, value: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(value());
    },
  });
}

function verdictCounter(region: Region): Counter {
  return new Counter({
    name: 'adtally_events_total',
    help: 'Events by verdict since the region began.',
    labelNames: ['verdict'],
    registers: [],
    collect() {
      const { verdicts } = region.status();
      this.reset();
      for (const verdict of VERDICTS) this.inc({ verdict }, verdicts[verdict]);
    },
  });
}

function orderVerdictCounter(region: Region): Counter {
  return new Counter({
    name: 'adtally_orders_total',
    help: 'Versions of orders by verdict since the region began.',
    labelNames: ['verdict'],
    registers: [],
    collect() {
      const { verdicts } = region.status().orders;
      this.reset();
      for (const verdict of ORDER_VERDICTS) this.inc({ verdict }, verdicts[verdict]);
    },
  });
}

function counter(name: string, help: string, value: RegionMetric['value']): RegionMetric {
  return { name: `adtally_${name}`, kind: 'counter', help, value };
}

function gauge(name: string, help: string, value: RegionMetric['value']): RegionMetric {
  return { name: `adtally_${name}`, kind: 'gauge', help, value };
}
