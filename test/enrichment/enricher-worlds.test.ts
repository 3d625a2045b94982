import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ORDER_SERVICE_FAILURES } from '../../src/enrichment/ports.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { EnrichmentWorld, OK, failing } from './enrichment-world.ts';

const DEADLINE_MS = 120_000;

/** A world of a seed: orders that come over time, a service and a log with bad days, restarts. */
async function live(seed: number): Promise<{ world: EnrichmentWorld; orders: number; concurrency: number }> {
  const random = new SeededRandom(seed);
  const world = new EnrichmentWorld();
  const concurrency = random.between(1, 8);
  const attempts = random.between(1, 6);
  const failureRate = random.pick([0, 0.1, 0.5, 0.95, 1]);
  const refusalRate = random.pick([0, 0, 0.3]);
  world.behaviour = () => ({
    answer: random.chance(failureRate)
      ? failing(random.pick(ORDER_SERVICE_FAILURES), random.chance(0.7))
      : OK,
    afterMs: random.pick([0, 1, 20, 2000]),
  });
  world.submitting = () => (random.chance(refusalRate) ? new Error('overloaded') : random.below(20));
  const begin = () =>
    world.enricher({
      concurrency,
      attempts,
      chance: () => random.fraction(),
      breaker: { failuresToOpen: random.between(1, 12), pauseMs: 5000 },
    });
  let enricher = begin();
  let orders = 0;
  for (let step = 0; step < 12; step++) {
    const count = random.below(15);
    world.add(count, random.pick([1000, DEADLINE_MS]));
    orders += count;
    enricher.wake();
    await world.pass(random.pick([0, 10, 500, 20_000]));
    if (random.chance(0.2)) {
      await world.time.run(enricher.stop());
      enricher = begin();
    }
    if (random.chance(0.1)) enricher.retry();
  }
  enricher.wake();
  await world.settle();
  expect(enricher.status()).toMatchObject({ asking: 0, waiting: 0, submitting: 0 });
  return { world, orders, concurrency };
}

it('every pending order ends once, ok or unavailable, whatever service and log do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const { world, orders, concurrency } = await live(seed);
      expect(world.faults).toEqual([]);
      expect(world.pending.size).toBe(0);
      expect(new Set(world.results.map(({ orderId }) => orderId)).size).toBe(orders);
      expect(world.results).toHaveLength(orders);
      expect(world.askingMax).toBeLessThanOrEqual(concurrency);
      for (const { status, enrichment } of world.results)
        expect(enrichment).toEqual(status === 'ok' ? { city: 'Paris' } : null);
    }),
    { numRuns: 60 },
  );
});
