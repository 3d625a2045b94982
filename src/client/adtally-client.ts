import type { OrderVerdict } from '../model/order-verdict.ts';
import type { Verdict } from '../model/verdict.ts';
import { writeEvent, writeOrder, type EventDraft, type OrderDraft } from './draft.ts';
import { Failover, type RegionTraffic } from './failover.ts';
import { Lane, type LaneOptions } from './lane.ts';
import type { Dropped, Outcome } from './outcome.ts';
import { outlivesPage, sendBeacon, whenPageHides } from './page-life.ts';
import type { RegionAddress } from './region-request.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';

export interface AdtallyClientOptions {
  /** Where the regions listen, the nearest one first; an object gives a region a key of its own. */
  readonly regions: readonly (string | RegionAddress)[];
  /** Publisher key, where the regions ask for one. */
  readonly key?: string | undefined;
  /** `measured` asks each region once how fast it answers, and prefers the fastest; default `listed`. */
  readonly prefer?: 'listed' | 'measured';
  /** Most events in one request; default 100, as many as an answer describes one by one. */
  readonly batchEvents?: number;
  /** Most bytes in one request; default 30,000, half of what a page that is left may still send. */
  readonly batchBytes?: number;
  /** How long the first event of a request waits for others, ms; default 500. */
  readonly batchMs?: number;
  /** Requests of events under way at a time; default 1, which keeps their order. */
  readonly parallel?: number;
  /** Most events held, and most orders; default 10,000. */
  readonly queueEvents?: number;
  /** Most bytes of events held, and of orders; default 8 MiB. */
  readonly queueBytes?: number;
  /** What goes when the queue is full; default `drop_newest`. `drop_oldest` spares what is under way. */
  readonly whenFull?: 'drop_newest' | 'drop_oldest';
  /** Longest wait for one answer, ms; default 10,000. */
  readonly timeoutMs?: number;
  /** How long the same events are sent again, ms; default 23 h: after a day the region calls them late. */
  readonly giveUpAfterMs?: number;
  /** How retries are spaced out. */
  readonly retry?: Partial<Omit<RetryPolicy, 'patienceMs'>>;
  /** Told of every outcome of an event or order, once each. */
  readonly onOutcome?: (outcome: EventOutcome | OrderOutcome) => void;
  /** Told of what no region has answered; its line may be kept and sent again. */
  readonly onDrop?: (dropped: Dropped) => void;
}

export type EventOutcome = Outcome<Verdict>;
export type OrderOutcome = Outcome<OrderVerdict>;

const GIVE_UP_AFTER_MS = 23 * 3_600_000;
const CLOSE_WITHIN_MS = 10_000;

/**
 * Sends events and orders to the nearest region, in batches, again until they are answered, and to the other region while that
 * one fails. An event keeps its id, its time and every byte, so it is counted once wherever it arrives how often.
 */
export class AdtallyClient {
  readonly #options: AdtallyClientOptions;
  readonly #failover: Failover;
  readonly #events: Lane<Verdict>;
  readonly #orders: Lane<OrderVerdict>;
  readonly #forgetPage: () => void;

  /** Throws TypeError when an option cannot be used. */
  constructor(options: AdtallyClientOptions) {
    this.#options = options;
    const { key, prefer, timeoutMs = 10_000, giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
    checkOptions(options);
    this.#failover = new Failover({
      regions: options.regions.map((region) =>
        typeof region === 'string' ? { url: region, key } : { key, ...region },
      ),
      retry: { ...DEFAULT_RETRY, ...options.retry, patienceMs: giveUpAfterMs },
      timeoutMs,
      measure: prefer === 'measured',
    });
    this.#events = new Lane<Verdict>({ ...this.#limits(), path: '/v1/events', good: 'counted' });
    this.#orders = new Lane<OrderVerdict>({ ...this.#limits(), path: '/v1/orders', good: 'accepted' });
    this.#forgetPage = whenPageHides(() => this.#leave());
  }

  /** Takes an impression or click. Resolves once its outcome is known, and never rejects: there is no need to wait for it. */
  track(event: EventDraft): Promise<EventOutcome> {
    return this.#add(this.#events, writeEvent(event));
  }

  /** Takes a version of an order. As `track`. */
  order(order: OrderDraft): Promise<OrderOutcome> {
    return this.#add(this.#orders, writeOrder(order));
  }

  /** Sends what waits now; resolves when all of it has its outcome. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.flush()));
  }

  /** Takes nothing more, sends what waits, and drops what has no answer within `withinMs`. */
  async close(withinMs: number = CLOSE_WITHIN_MS): Promise<void> {
    this.#forgetPage();
    for (const lane of this.#lanes) lane.close();
    const timer = setTimeout(() => this.#lanes.forEach((lane) => lane.giveUp()), withinMs);
    await this.flush();
    clearTimeout(timer);
  }

  /** How many requests went where, the preferred region first. */
  traffic(): RegionTraffic[] {
    return this.#failover.traffic();
  }

  get #lanes(): readonly [Lane<Verdict>, Lane<OrderVerdict>] {
    return [this.#events, this.#orders];
  }

  #limits(): Omit<LaneOptions<never>, 'path' | 'good'> {
    const { batchEvents = 100, batchBytes = 30_000, batchMs = 500, parallel = 1 } = this.#options;
    const { queueEvents = 10_000, queueBytes = 8 * 1024 * 1024, whenFull = 'drop_newest' } = this.#options;
    const failover = this.#failover;
    return { failover, batchEvents, batchBytes, batchMs, parallel, queueEvents, queueBytes, whenFull };
  }

  async #add<V extends Verdict | OrderVerdict>(
    lane: Lane<V>,
    line: ReturnType<typeof writeEvent>,
  ): Promise<Outcome<V>> {
    const outcome = await this.#outcome(lane, line);
    if (outcome.status === 'dropped') this.#tell(this.#options.onDrop, outcome);
    this.#tell(this.#options.onOutcome, outcome as EventOutcome | OrderOutcome);
    return outcome;
  }

  #outcome<V extends string>(
    lane: Lane<V>,
    line: ReturnType<typeof writeEvent>,
  ): Outcome<V> | Promise<Outcome<V>> {
    if (!('bytes' in line)) {
      const { id, message } = line;
      return { status: 'dropped', id, reason: 'invalid', code: 'invalid', message, line: '' };
    }
    return lane.add(line);
  }

  /** A callback that throws is a fault of its own, and must not cost an outcome. */
  #tell<T>(callback: ((told: T) => void) | undefined, told: T): void {
    if (callback !== undefined) queueMicrotask(() => callback(told));
  }

  /** The page is hidden or left: what waits goes now. What cannot be known to have arrived is sent again, should the page go on. */
  #leave(): void {
    for (const lane of this.#lanes) lane.sendAllNow();
    this.#failover.hurry();
    const { url, key } = this.#failover.current;
    if (outlivesPage() || key !== undefined) return;
    for (const lane of this.#lanes) {
      for (const body of lane.underWay()) sendBeacon(url + lane.path, body);
    }
  }
}

function checkOptions(options: AdtallyClientOptions): void {
  if (options.regions.length === 0) throw new TypeError('regions is empty; name the address of a region.');
  for (const [name, value] of Object.entries(options)) {
    const isNumber = typeof value === 'number';
    if (isNumber && !(value >= (name.endsWith('Ms') ? 0 : 1)))
      throw new TypeError(`${name} is ${value}; it must be ${name.endsWith('Ms') ? '0' : '1'} or more.`);
  }
}
