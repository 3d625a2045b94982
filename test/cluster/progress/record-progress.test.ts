import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../../src/base/units.ts';
import { RecordProgress } from '../../../src/cluster/progress/record-progress.ts';
import { wayOf } from '../../../src/cluster/progress/record-way.ts';
import { orderRulesOf, ordersFinalBefore } from '../../../src/pipeline/order-rules.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { ProcessClock, SimulatedClock } from '../../../src/simulation/simulated-clock.ts';
import { jobInput } from '../render/job-input.ts';
import { SimulatedWay } from './simulated-way.ts';

const SEED = process.env['PROGRESS_SEED'] ?? String(Date.now());
const NOW = Date.parse('2026-10-05T12:00:00Z');
const spec = jobInput('a').spec;
const rules = orderRulesOf(spec);
/** What may come to a standstill while everything else goes on. */
const STALLED = [
  undefined,
  { reader: 'mirror a b', topics: /./ },
  { reader: 'mirror b a', topics: /./ },
  { reader: 'adtally-b-aggregation', topics: /^a[.]clean$/ },
  { reader: 'adtally-a-attribution', topics: /^b[.]/ },
  { reader: 'adtally-b-union-load', topics: /^a[.]/ },
];

interface Arrival {
  readonly region: string;
  readonly kind: 'events' | 'orders';
  readonly id: string;
  readonly at: number;
}

class World {
  readonly random: SeededRandom;
  readonly clock = new SimulatedClock(NOW);
  readonly way: SimulatedWay;
  readonly arrivals: Arrival[] = [];
  readonly progress: RecordProgress;

  constructor(seed: string, region: string) {
    this.random = new SeededRandom(seed);
    this.way = new SimulatedWay(this.random.fork('way'));
    const clock = new ProcessClock(this.clock);
    this.progress = new RecordProgress({ spec, region, sources: this.way, clock });
  }

  async pass(ms: number): Promise<void> {
    await this.clock.run(new Promise((resolve) => this.clock.schedule(ms, () => resolve(undefined))));
  }

  /** Time passes, in which something arrives and everybody works. */
  async busy(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      if (this.random.chance(0.3)) this.arrive();
      for (let n = 0; n < 30; n++) this.way.step();
      await this.pass(Math.min(left, 100));
    }
  }

  arrive(): void {
    const region = this.random.pick(['a', 'b']);
    const kind = this.random.chance(0.8) ? 'events' : 'orders';
    const id = String(this.arrivals.length);
    this.way.arrive(region, kind, id);
    this.arrivals.push({ region, kind, id, at: this.clock.now() });
  }

  /** What of the arrivals before `at` in one region is not in the records of another one, in the Pinot of `seenIn`. */
  missing(from: string, of: string, at: number, seenIn: string): string[] {
    const seen = this.way.seen.get(seenIn)!;
    return this.arrivals
      .filter((one) => one.region === from && one.at < at)
      .flatMap(({ kind, id }) => {
        const inMinutes =
          kind === 'events' && (from === of || from === 'a') ? [`ad-minutes ${of} ${id}`] : [];
        return [...inMinutes, `attributed-orders ${of} ${id}`];
      })
      .filter((one) => !seen.has(one));
  }
}

describe('how far records have come in Pinot', () => {
  test.for(Array.from({ length: 24 }, (_, n) => `${SEED}/${n}`))(
    'is never further than what is in it, and comes to its end (PROGRESS_SEED=%s)',
    async (seed) => {
      const seenIn = new SeededRandom(seed).fork('region').pick(['a', 'b']);
      const world = new World(seed, seenIn);
      const { progress, random, way, clock } = world;
      const stalled = random.pick(STALLED);
      let moved = 0;
      while (clock.now() < NOW + 6 * MINUTE_MS) {
        const before = progress.regions();
        const isStalled = clock.now() > NOW + MINUTE_MS / 2 && clock.now() < NOW + 4 * MINUTE_MS;
        way.stalled = isStalled ? stalled : undefined;
        if (clock.now() < NOW + 4 * MINUTE_MS && random.chance(0.2)) world.arrive();
        way.isDown = clock.now() < NOW + 4 * MINUTE_MS && random.chance(0.002);
        for (let n = random.between(0, 12); n > 0; n--) way.step();
        await world.pass(random.between(1, 100));
        const now = progress.regions();
        for (const [n, { region: of, asOf, finalBefore }] of now.entries()) {
          if (asOf === before[n].asOf && finalBefore === before[n].finalBefore) continue;
          moved++;
          const peer = of === 'a' ? 'b' : 'a';
          expect(world.missing(of, of, asOf ?? 0, seenIn)).toEqual([]);
          // What is final has to do with what arrived in either region; nothing is before this at the begin.
          const settled = clock.now() - (ordersFinalBefore(clock.now(), rules) - finalBefore);
          expect(world.missing(peer, of, settled, seenIn)).toEqual([]);
        }
      }
      // Two minutes after the last of it nothing is on its way.
      for (const { asOf, lagMs, finalBefore } of progress.regions()) {
        expect(clock.now() - asOf!).toBeLessThan(MINUTE_MS);
        expect(lagMs).toBeLessThan(MINUTE_MS);
        expect(finalBefore).toBeGreaterThan(ordersFinalBefore(clock.now() - 3 * MINUTE_MS, rules));
      }
      expect(moved).toBeGreaterThan(5);
      const closing = progress.close();
      await world.pass(1);
      await closing;
    },
  );

  test('is not looked at when nobody asks', async () => {
    const world = new World('idle', 'a');
    world.progress.regions();
    await world.pass(20_000);
    const [{ asOf }] = world.progress.regions();
    expect(asOf).toBeGreaterThan(NOW);
    await world.pass(10 * MINUTE_MS);
    const [later] = world.progress.regions();
    expect(later.asOf).toBeLessThan(NOW + 2 * MINUTE_MS);
    expect(later.lagMs).toBeGreaterThan(8 * MINUTE_MS);
    await world.pass(20_000);
    expect(world.progress.regions()[0].lagMs).toBeLessThan(20_000);
    const closing = world.progress.close();
    await world.pass(1);
    await closing;
  });

  test('is looked at again of every region, whenever somebody asks again', async () => {
    for (let n = 0; n < 40; n++) {
      const world = new World(`again ${n}`, 'a');
      world.progress.regions();
      // Until just now nobody had asked for a minute, and some have noticed it.
      await world.busy(MINUTE_MS - 2000 + n * 100);
      for (let seconds = 0; seconds < 20; seconds++) {
        world.progress.regions();
        await world.busy(1000);
      }
      const [a, b] = world.progress.regions();
      expect([n, Math.max(a.lagMs!, b.lagMs!) < 15_000]).toEqual([n, true]);
      expect(b.finalBefore).toBeGreaterThan(ordersFinalBefore(world.clock.now() - 2 * MINUTE_MS, rules));
      const closing = world.progress.close();
      await world.pass(1);
      await closing;
    }
  });

  test('goes through the lists of touches where several models share the credit, and through no mirror of one region alone', () => {
    const config = { regions: ['a'], attribution: { models: ['last_touch', 'linear'] as const } };
    const shared = jobInput('a', config).spec;
    expect(wayOf(shared, 'a', 'a', 'a').map(({ topics }) => topics.join(' '))).toEqual([
      'a.events',
      'a.clean a.orders',
      'a.decisions',
      'a.ad-minutes a.attributed-orders',
      'a.load.ad-minutes a.load.attributed-orders',
    ]);
  });
});
