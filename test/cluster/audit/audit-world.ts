import { auditCluster, type ClusterAudit } from '../../../src/cluster/audit/cluster-audit.ts';
import { BOOK_FIGURES, type AuditedBooks, type BookFigure } from '../../../src/cluster/audit/ports.ts';
import { RegionBooks } from '../../../src/cluster/audit/region-books.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import { ProcessClock, SimulatedClock } from '../../../src/simulation/simulated-clock.ts';
import type { RecordKind } from '../../../src/union-load/ports.ts';
import { HeldTopics } from './held-topics.ts';

export const NOW = Date.parse('2026-10-05T12:00:00Z');
/** A minute of arrival and of events that is long over. */
export const MINUTE = Date.parse('2026-10-05T09:30:00Z');
const SPEC = resolveSpec({ regions: ['a', 'b'] }, { environment: {}, flags: {} });
const PATIENCE = { pauseMs: 1000, looksUnmoved: 3, roundsMax: 6 };

type AnyRecord = AdMinute | AttributedOrder;

/** A store in memory: by record id. */
export class HeldStore implements AuditedBooks {
  readonly records = new Map<string, AnyRecord>();
  readonly advice = 'Build it anew.';
  readonly name: string;
  readonly kind: RecordKind;
  readonly stepMs: number;
  readonly figures: readonly BookFigure[];
  lagMs = 0;
  keptFrom = 0;
  looks = 0;
  /** Called before each look. */
  onLook: () => void = () => {};

  constructor(
    name: string,
    kind: RecordKind,
    stepMs = 60_000,
    figures: readonly BookFigure[] = BOOK_FIGURES[kind],
  ) {
    this.name = name;
    this.kind = kind;
    this.stepMs = stepMs;
    this.figures = figures;
  }

  heldFrom(): number {
    return this.keptFrom;
  }

  /** One entry a record: the audit adds up. */
  entries(from: number): ReturnType<AuditedBooks['entries']> {
    this.looks++;
    this.onLook();
    const all = [...this.records.values()].map((record) => {
      const time = 'minute' in record ? record.minute : record.orderTime;
      const given = { ...record, records: 1, revisions: record.revision } as unknown as Record<
        string,
        number
      >;
      const sums = Object.fromEntries(this.figures.map((name) => [name, BigInt(given[name])]));
      return { region: record.region, start: time - (time % this.stepMs), sums };
    });
    return Promise.resolve(all.filter(({ start }) => start >= from));
  }
}

/** A cluster of two regions whose books are in order: what each of its topics and stores holds. A test breaks it. */
export class AuditWorld {
  readonly kafka = { a: new HeldTopics(), b: new HeldTopics() };
  readonly stores = {
    pinotA: new HeldStore('Pinot of a', 'ad-minutes'),
    pinotB: new HeldStore('Pinot of b', 'ad-minutes'),
    ordersB: new HeldStore('Pinot of b', 'attributed-orders'),
    hive: new HeldStore('Hive', 'ad-minutes', 3_600_000),
    ledger: new HeldStore('ledger', 'ad-minutes', 86_400_000, ['costMicros']),
  };
  readonly clock = new SimulatedClock(NOW);
  #events = 0;

  constructor() {
    for (const region of ['a', 'b'] as const) {
      this.kafka[region].readBy(`adtally-${region}-aggregation`, `${region}.events`);
      this.kafka[region].readBy(`adtally-${region}-attribution`, `${region}.orders`);
    }
    this.#event('a', 0, 'counted', { impressions: 1, costMicros: 1500 });
    this.#event('a', 1, 'counted', { clicks: 1, costMicros: 250_000 });
    this.#event('a', 1, 'duplicate');
    this.#event('a', 2, 'conflict');
    this.#event('a', 2, 'late');
    this.#event('a', 61, 'future');
    // One that region a has, too: b takes it out again.
    this.#event('b', 0, 'counted', { impressions: 1 });
    this.#event('b', 0, 'counted', { impressions: 1, costMicros: 7 });
    this.#clean('b', -1, { impressions: 1, costMicros: 7 });
    this.#record('a', 'ad-1', { revision: 1, impressions: 1, costMicros: 1500 });
    this.#record('a', 'ad-1', { revision: 2, impressions: 1, clicks: 1, costMicros: 251_500 });
    this.#record('b', 'ad-1', { revision: 3, impressions: 1 });
    this.received('a', 'order', 0, 'accepted');
    this.received('a', 'order', 0, 'duplicate');
    this.#order();
  }

  /** A message that arrived so many minutes after MINUTE, and its verdict, which counts in the books. */
  received(
    region: 'a' | 'b',
    kind: 'event' | 'order',
    after: number,
    verdict: string | null,
    value = '{}',
  ): void {
    const topics = this.kafka[region];
    const minute = MINUTE + after * 60_000;
    topics.send(`${region}.${kind}s`, { key: 'id', value, timestamp: minute + 17_000 });
    if (verdict !== null) this.judged(region, kind, minute, verdict, 1);
  }

  /** Adds to the count of a verdict. */
  judged(region: 'a' | 'b', kind: 'event' | 'order', minute: number, verdict: string, add: number): void {
    const topics = this.kafka[region];
    const key = `${kind} ${minute} ${verdict}`;
    const before = topics.latest(`${region}.verdicts`, key) as { count: number } | undefined;
    const book = { region, kind, minute, verdict, code: verdict, count: (before?.count ?? 0) + add };
    topics.send(`${region}.verdicts`, { key, value: JSON.stringify(book), timestamp: minute });
  }

  async audit(stores: readonly HeldStore[] = Object.values(this.stores)): Promise<ClusterAudit> {
    const clock = new ProcessClock(this.clock);
    const run = async (): Promise<ClusterAudit> => {
      const regions = [
        await RegionBooks.open('a', SPEC, this.kafka.a.read(), clock),
        await RegionBooks.open('b', SPEC, this.kafka.b.read(), clock),
      ];
      const { pinotA, pinotB } = this.stores;
      return await auditCluster({
        regions,
        stores,
        twins: [[pinotA, pinotB]],
        clock,
        patience: PATIENCE,
        onProgress: () => {},
      });
    };
    return await this.clock.run(run());
  }

  #event(region: 'a' | 'b', after: number, verdict: string, counts: Partial<AdMinute> = {}): void {
    this.received(region, 'event', after, verdict);
    if (verdict === 'counted') this.#clean(region, 1, counts);
  }

  /** The events counted so far are handed on once more. */
  replay(): void {
    const sent = this.#events;
    this.#events = 0;
    for (const costMicros of [1500, 250_000]) this.#clean('a', 1, { costMicros });
    this.#events = sent;
  }

  #clean(region: 'a' | 'b', sign: 1 | -1, { clicks = 0, costMicros = 0 }: Partial<AdMinute>): void {
    const eventType = clicks > 0 ? 'click' : 'impression';
    const value = JSON.stringify({
      eventId: `e-${++this.#events}`,
      eventType,
      eventTime: MINUTE + 5,
      costMicros,
      sign,
    });
    this.kafka[region].send(`${region}.clean`, { key: 'u', value, timestamp: MINUTE + 20_000 });
  }

  #record(region: 'a' | 'b', adId: string, over: Partial<AdMinute>): void {
    const record = adMinute({ recordId: `${region} ${adId}`, region, adId, ...over });
    this.send(`${region}.ad-minutes`, record);
    this.loaded('ad-minutes', record);
  }

  #order(): void {
    const order = attributedOrder({ recordId: 'order', region: 'a' });
    this.send('a.attributed-orders', order);
    this.loaded('attributed-orders', order);
  }

  /** Writes a record into a topic of the Kafka whose name it begins with. */
  send(topic: string, record: AnyRecord): void {
    const value = JSON.stringify(record);
    this.kafka[topic[0] as 'a' | 'b'].send(topic, {
      key: record.recordId,
      value,
      timestamp: MINUTE + 30_000,
    });
  }

  /** Brings a record to the load topics of both regions, and into all stores of its kind. */
  loaded(kind: RecordKind, record: AnyRecord): void {
    for (const region of ['a', 'b']) this.send(`${region}.load.${kind}`, record);
    for (const store of Object.values(this.stores))
      if (store.kind === kind) store.records.set(record.recordId, record);
  }
}

export function adMinute(over: Partial<AdMinute> = {}): AdMinute {
  return {
    recordId: 'a ad-1',
    revision: 2,
    region: 'a',
    adId: 'ad-1',
    campaignId: 'c',
    advertiserId: 'adv',
    minute: MINUTE,
    currency: 'EUR',
    impressions: 0,
    clicks: 0,
    costMicros: 0,
    ...over,
  };
}

export function attributedOrder(over: Partial<AttributedOrder> = {}): AttributedOrder {
  return { revision: 1, orderTime: MINUTE + 9, creditMicros: 47, ...over } as AttributedOrder;
}
