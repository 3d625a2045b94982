/**
 * 5,000 orders a second beside 200,000 events a second, most of them of users whose ads were just seen: whether a region keeps
 * up, how long it takes to answer, what it costs, how long it gives nobody a turn, and how long a user's touches take to be
 * looked up while runs of them are written and merged.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS } from '../../src/base/units.ts';
import type { Region, RegionStatus } from '../../src/embedded/ports.ts';
import { OrderTraffic } from '../../src/generator/order-traffic.ts';
import { benchSpec, openBenchRegion } from '../rig/bench-region.ts';
import { BodySource, FIELD_ORDERS, USERS } from '../rig/bodies.ts';
import { cpuMsOf } from '../rig/cpu-time.ts';
import { watchTurns } from '../rig/turns.ts';
import {
  answer,
  atLeast,
  atMost,
  progress,
  told,
  withDirectory,
  type Outcome,
  type Run,
} from '../rig/measurement.ts';

const EVENTS_PER_SECOND = 200_000;
const ORDERS_PER_SECOND = 5000;
const EVENTS_PER_BODY = 1000;
const ORDERS_PER_BODY = 100;
/** After so many bodies of events one of orders follows. */
const ORDERS_EVERY = (EVENTS_PER_SECOND * ORDERS_PER_BODY) / (ORDERS_PER_SECOND * EVENTS_PER_BODY);
const BODY_EVERY_MS = (EVENTS_PER_BODY * 1000) / EVENTS_PER_SECOND;
/** A user's touches are looked up so often. */
const LOOK_UP_EVERY_MS = 5;
const SEED = 3;

interface Request {
  /** After the start of the load. */
  readonly dueMs: number;
  readonly of: 'events' | 'orders';
  readonly body: Uint8Array;
}

/** What to send, and users of whom there will be touches. */
interface Load {
  readonly requests: readonly Request[];
  readonly users: readonly string[];
}

/** Makes events, and orders that follow from them. */
class LoadSource {
  readonly #bodies: BodySource;
  readonly #orders: OrderTraffic;

  constructor(users: number) {
    this.#bodies = new BodySource(SEED, EVENTS_PER_BODY, FIELD_ORDERS, users);
    this.#orders = new OrderTraffic({ seed: SEED, users, currency: 'EUR' });
  }

  /** Valid until the next call. */
  make(seconds: number): Load {
    const orders: Request[] = [];
    const users: string[] = [];
    const bodies = this.#bodies.make(seconds * EVENTS_PER_SECOND, (n) => {
      users.push(`user-${this.#bodies.recent()!.user}`);
      if (n % ORDERS_EVERY < ORDERS_EVERY - 1) return;
      const body = this.#orders.next(ORDERS_PER_BODY, Date.now(), () => this.#bodies.recent());
      orders.push({ dueMs: (n + 0.5) * BODY_EVERY_MS, of: 'orders', body });
    });
    const events = bodies.map((body, n): Request => ({ dueMs: n * BODY_EVERY_MS, of: 'events', body }));
    return { requests: [...events, ...orders].toSorted((a, b) => a.dueMs - b.dueMs), users };
  }
}

/** What was seen from outside while a load was sent; times in ns. */
class Sight {
  readonly answersNs = { events: createHistogram(), orders: createHistogram() };
  readonly lookUpsNs = createHistogram();
  readonly taken = { events: 0, orders: 0 };
  touchesFound = 0;
  /** Requests that were not taken in. */
  refused = 0;
  /** How much later than due the last answer came. */
  lagMs = 0;
  wallMs = 0;
  cpuMs = 0;
  touchMemoryBytesMax = 0;
}

/** Sends each request when it is due, whether or not answers keep up; times count from then. */
async function send(region: Region, { requests }: Load, sight: Sight): Promise<void> {
  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  for (const request of requests) {
    const waitMs = startMs + request.dueMs - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    sent.push(sendOne(region, request, startMs, sight));
  }
  await Promise.all(sent);
  sight.wallMs = performance.now() - startMs;
  sight.lagMs = sight.wallMs - requests.at(-1)!.dueMs;
}

async function sendOne(
  region: Region,
  { of, body, dueMs }: Request,
  startMs: number,
  sight: Sight,
): Promise<void> {
  try {
    const taken = of === 'events' ? region.ingest(body, 'ndjson') : region.ingestOrders(body, 'ndjson');
    const { received } = await taken;
    sight.taken[of] += received;
    record(sight.answersNs[of], performance.now() - startMs - dueMs);
  } catch (error) {
    if (sight.refused++ === 0) progress(String(error));
  }
}

/** Looks up the touches of one user after the other until `over`. */
async function lookUp(region: Region, { users }: Load, sight: Sight, over: AbortSignal): Promise<void> {
  for (let n = 0; !over.aborted; n++) {
    await sleep(LOOK_UP_EVERY_MS);
    const user = users[(n * 7919) % users.length];
    const now = Date.now();
    const startMs = performance.now();
    sight.touchesFound += region.touches(user, now - 7 * DAY_MS, now).length;
    record(sight.lookUpsNs, performance.now() - startMs);
    sight.touchMemoryBytesMax = Math.max(sight.touchMemoryBytesMax, region.status().touchMemoryBytes);
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * 1e6)));
}

async function watchLoad(region: Region, load: Load): Promise<Sight> {
  const sight = new Sight();
  const over = new AbortController();
  const lookedUp = lookUp(region, load, sight, over.signal);
  sight.cpuMs = await cpuMsOf(() => send(region, load, sight));
  over.abort();
  await lookedUp;
  return sight;
}

/** Share of the orders held that an ad got credit for. */
function attributedShare(region: Region): { held: number; attributed: number } {
  let [held, attributed] = [0, 0];
  for (const records of region.attributedOrders()) {
    held++;
    if (records[0].outcome === 'attributed') attributed++;
  }
  return { held, attributed };
}

async function measure(directory: string, { isQuick }: Run): Promise<Outcome> {
  const seconds = isQuick ? 8 : 30;
  const source = new LoadSource(USERS);
  // Compiling the engine is not what is looked for.
  const region = await openBenchRegion(directory);
  await watchLoad(region, source.make(3));
  const plainLoad = source.make(seconds);
  progress(`${seconds} s of events and orders`);
  const before = region.status();
  const plain = await watchLoad(region, plainLoad);
  const after = region.status();
  const watchedLoad = source.make(seconds);
  progress(`${seconds} s more, the event loop watched`);
  let watchedSight = new Sight();
  const watched = await watchTurns(async () => {
    watchedSight = await watchLoad(region, watchedLoad);
  });
  const orders = attributedShare(region);
  const end = region.status();
  await region.close();
  const sights = [plain, watchedSight];
  return {
    findings: [
      ...rates(plain, seconds),
      ...waits(plain),
      told('  processor, cores', plain.cpuMs / plain.wallMs),
      atMost(
        `Look-up of a user's touches meanwhile, ${size(before, after)}, p50`,
        quantileUs(plain.lookUpsNs, 50),
        50,
        ' µs',
      ),
      atMost('  p99', quantileUs(plain.lookUpsNs, 99), 2000, ' µs'),
      told('  touches found, mean', plain.touchesFound / plain.lookUpsNs.count),
      atMost('  longest pause of the event loop', watched.longestMs, 50, ' ms'),
      told('  with the time that it waited for a core', watched.turns.maxMs, ' ms'),
      told('  longest garbage collection', watched.longestGcMs, ' ms'),
      // Above 1 new events are refused; what was taken in before still comes.
      told('  memory of touches, share of limits.touchMemory, most', touchMemoryShare(sights)),
      told('  orders held at the end', orders.held),
      told('  of them attributed', (100 * orders.attributed) / orders.held, ' %'),
    ],
    raw: { watched, before, after, end, orders, sights: sights.map((sight) => rawOf(sight)) },
  };
}

function touchMemoryShare(sights: readonly Sight[]): number {
  const most = Math.max(...sights.map(({ touchMemoryBytesMax }) => touchMemoryBytesMax));
  return most / benchSpec().limits.touchMemory;
}

function rates({ taken, wallMs, lagMs, refused }: Sight, seconds: number): Outcome['findings'] {
  // What is short of the rate by less than a hundredth is the wait for the last answer.
  const least = 0.99;
  return [
    atLeast(
      `Events answered a second for ${seconds} s`,
      (taken.events * 1000) / wallMs,
      EVENTS_PER_SECOND * least,
    ),
    atLeast('  orders a second beside them', (taken.orders * 1000) / wallMs, ORDERS_PER_SECOND * least),
    atMost('  requests refused', refused, 0),
    told('  last answer later than its request was due', lagMs, ' ms'),
  ];
}

function waits({ answersNs: { events, orders } }: Sight): Outcome['findings'] {
  return [
    told('  due to answered, 1,000 events, p50', quantileMs(events, 50), ' ms'),
    told('  p99', quantileMs(events, 99), ' ms'),
    told('  due to answered, 100 orders, p50', quantileMs(orders, 50), ' ms'),
    told('  p99', quantileMs(orders, 99), ' ms'),
  ];
}

function size(before: RegionStatus, after: RegionStatus): string {
  return `${(after.touches / 1e6).toFixed(1)}M touches, ${after.snapshots - before.snapshots} snapshots`;
}

function quantileUs(histogram: RecordableHistogram, percentile: number): number {
  return histogram.percentile(percentile) / 1000;
}

function quantileMs(histogram: RecordableHistogram, percentile: number): number {
  return histogram.percentile(percentile) / 1e6;
}

function rawOf({ answersNs, lookUpsNs, ...rest }: Sight): unknown {
  return {
    ...rest,
    answersUs: { events: allUs(answersNs.events), orders: allUs(answersNs.orders) },
    lookUpsUs: allUs(lookUpsNs),
  };
}

function allUs(histogram: RecordableHistogram): unknown {
  return Object.fromEntries([50, 90, 99, 99.9, 100].map((at) => [at, quantileUs(histogram, at)]));
}

await answer((run) => withDirectory(run, (directory) => measure(directory, run)));
