import { describe, expect, it, onTestFinished } from 'vitest';
import { EnrichmentWorld, OK, failing } from './enrichment-world.ts';

const MINUTE_MS = 60_000;

function begun(): EnrichmentWorld {
  const world = new EnrichmentWorld();
  onTestFinished(() => expect(world.faults).toEqual([]));
  return world;
}

const statuses = (world: EnrichmentWorld): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of world.results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('asking', () => {
  it('gets every order its details, with so many questions at a time', async () => {
    const world = begun();
    world.add(100);
    const enricher = world.enricher({ concurrency: 4 });
    enricher.wake();
    await world.settle();
    expect(world.askingMax).toBe(4);
    expect(world.questions).toHaveLength(100);
    expect(world.results).toHaveLength(100);
    expect(world.results).toContainEqual({
      orderId: 'o1',
      orderVersion: 1,
      status: 'ok',
      enrichment: { city: 'Paris' },
    });
    expect(enricher.status()).toMatchObject({
      questions: 100,
      results: { ok: 100, unavailable: 0 },
      asking: 0,
      waiting: 0,
      submitting: 0,
      breaker: 'closed',
    });
  });

  it('takes up orders that come later, when it is woken', async () => {
    const world = begun();
    const enricher = world.enricher();
    enricher.wake();
    world.add(3);
    await world.settle();
    expect(world.results).toEqual([]);
    enricher.wake();
    await world.settle();
    expect(world.results).toHaveLength(3);
  });

  it('begins with the earliest deadline', async () => {
    const world = begun();
    world.add(2, MINUTE_MS);
    world.add(1, 1000);
    world.enricher({ concurrency: 1 }).wake();
    await world.settle();
    expect(world.questions.map(({ orderId }) => orderId)).toEqual(['o3', 'o1', 'o2']);
  });

  it('may be woken by what it calls', async () => {
    const world = begun();
    world.add(100, 1000);
    world.add(100);
    world.time.jump(1000);
    const { behaviour, submitting } = world;
    world.behaviour = (...question) => {
      enricher.wake();
      return behaviour(...question);
    };
    world.submitting = () => {
      enricher.wake();
      return submitting();
    };
    const enricher = world.enricher();
    enricher.wake();
    await world.settle();
    expect(statuses(world)).toEqual({ ok: 100, unavailable: 100 });
    expect(world.questions).toHaveLength(100);
    expect(world.askingMax).toBe(4);
  });

  it('does not look through the pending orders each time it is woken while every place is taken', async () => {
    const world = begun();
    world.add(50);
    const enricher = world.enricher({ concurrency: 2 });
    for (let woken = 0; woken < 1000; woken++) enricher.wake();
    expect(world.looks).toBeLessThan(5);
    await world.settle();
    expect(world.results).toHaveLength(50);
  });
});

describe('a failed question', () => {
  it('is asked again after pauses that grow, so many times in a row, and then the order rests', async () => {
    const world = begun();
    world.add(1);
    world.behaviour = () => ({ answer: failing('bad_status'), afterMs: 0 });
    const enricher = world.enricher({ attempts: 5, backoffMs: 200 });
    enricher.wake();
    await world.pass(60_000);
    await enricher.stop();
    const times = world.timesOf('o1');
    const pauses = times.slice(1).map((atMs, at) => atMs - times[at]);
    for (const [at, longestMs] of [200, 400, 800, 1600, 30_000, 200, 400, 800, 1600].entries()) {
      expect(pauses[at]).toBeGreaterThanOrEqual(longestMs / 2);
      expect(pauses[at]).toBeLessThanOrEqual(longestMs);
    }
    expect(enricher.status().failures).toMatchObject({ bad_status: times.length, timeout: 0 });
    expect(enricher.status().lastFailure).toBe('bad_status: told to');
  });

  it('comes back at different times for different orders', async () => {
    const world = begun();
    world.add(20);
    world.behaviour = (_, attempt) => ({ answer: attempt === 1 ? failing('timeout') : OK, afterMs: 0 });
    world.enricher({ concurrency: 20 }).wake();
    await world.settle();
    const again = world.questions.slice(20).map(({ atMs }) => atMs);
    expect(new Set(again).size).toBe(20);
    expect(statuses(world)).toEqual({ ok: 20 });
  });

  it('rests at once when asking again has no sense', async () => {
    const world = begun();
    world.add(1);
    world.behaviour = (_, attempt) => ({
      answer: attempt === 1 ? failing('redirect', false) : OK,
      afterMs: 0,
    });
    world.enricher().wake();
    await world.settle();
    expect(world.timesOf('o1')[1]).toBeGreaterThanOrEqual(15_000);
    expect(statuses(world)).toEqual({ ok: 1 });
  });

  it('takes no place from others while its order waits', async () => {
    const world = begun();
    world.add(11);
    world.behaviour = (orderId) => ({ answer: orderId === 'o1' ? failing('timeout') : OK, afterMs: 10 });
    const enricher = world.enricher({ concurrency: 1 });
    enricher.wake();
    await world.pass(150);
    expect(statuses(world)).toEqual({ ok: 10 });
    await enricher.stop();
  });

  it('is one also when the adapter breaks its word', async () => {
    const world = begun();
    world.add(1);
    let calls = 0;
    const fetchOrder = (): Promise<typeof OK> => {
      calls++;
      return calls === 1 ? Promise.reject(new Error('a bug')) : Promise.resolve(OK);
    };
    const enricher = world.enricher({ service: { fetchOrder } });
    enricher.wake();
    await world.settle();
    expect(statuses(world)).toEqual({ ok: 1 });
    expect(enricher.status().failures.unreachable).toBe(1);
  });

  it('forgets an order that rests: the next time it is asked for as what it then is', async () => {
    const world = begun();
    world.add(2);
    world.behaviour = (_, attempt) => ({
      answer: attempt === 1 ? failing('bad_json', false) : OK,
      afterMs: 0,
    });
    world.enricher().wake();
    await world.pass(1000);
    world.pending.set('o1', { ...world.pending.get('o1')!, orderVersion: 2 });
    world.pending.delete('o2');
    await world.settle();
    expect(world.results.map(({ orderId, orderVersion }) => [orderId, orderVersion])).toEqual([['o1', 2]]);
  });
});

describe('a service that is down', () => {
  const breaker = { failuresToOpen: 5, pauseMs: 5000 };

  it('is left alone, tried with one question at a time, and asked as before once it answers', async () => {
    const world = begun();
    world.add(50);
    let isDown = true;
    world.behaviour = () => ({ answer: isDown ? failing('unreachable') : OK, afterMs: 1 });
    const enricher = world.enricher({ breaker, concurrency: 4 });
    enricher.wake();
    await world.pass(4990);
    const askedBeforeOpening = world.questions.length;
    expect(askedBeforeOpening).toBeLessThanOrEqual(5 + 3);
    expect(enricher.status()).toMatchObject({ breaker: 'open', breakerOpenings: 1 });
    await world.pass(15_000);
    expect(world.questions.length - askedBeforeOpening).toBe(3);
    isDown = false;
    await world.settle();
    expect(statuses(world)).toEqual({ ok: 50 });
    expect(enricher.status()).toMatchObject({ breaker: 'closed', breakerOpenings: 1 });
  });

  it('is not tried with the same order each time: there may be one that it always fails at', async () => {
    const world = begun();
    world.add(20);
    let isDown = true;
    world.behaviour = (orderId) => ({
      answer: isDown || orderId === 'o1' ? failing('timeout') : OK,
      afterMs: 1,
    });
    const enricher = world.enricher({ breaker, concurrency: 1 });
    enricher.wake();
    await world.pass(4000);
    isDown = false;
    await world.pass(30_000);
    expect(statuses(world)).toEqual({ ok: 19 });
    await enricher.stop();
  });

  it('is not one that does not know its orders', async () => {
    const world = begun();
    world.add(30);
    world.behaviour = () => ({ answer: failing('not_found'), afterMs: 1 });
    const enricher = world.enricher({ breaker });
    enricher.wake();
    await world.pass(20_000);
    expect(enricher.status()).toMatchObject({ breaker: 'closed', breakerOpenings: 0 });
    await enricher.stop();
  });

  it('is asked at once when somebody knows that it is back', async () => {
    const world = begun();
    world.add(50);
    let isDown = true;
    world.behaviour = () => ({
      answer: isDown ? failing('redirect', false) : OK,
      afterMs: world.questions.length === 5 ? 1200 : 1,
    });
    const enricher = world.enricher({ breaker });
    enricher.wake();
    await world.pass(1000);
    expect(enricher.status()).toMatchObject({ breaker: 'open', asking: 1 });
    isDown = false;
    enricher.retry();
    await world.pass(1000);
    expect(statuses(world)).toEqual({ ok: 50 });
  });
});

describe('a deadline', () => {
  it('makes orders unavailable once, while nothing can be asked', async () => {
    const world = begun();
    world.add(1000, MINUTE_MS);
    world.add(10, 2 * MINUTE_MS);
    world.behaviour = () => ({ answer: failing('unreachable'), afterMs: 1 });
    const enricher = world.enricher({ breaker: { failuresToOpen: 5, pauseMs: 10 * MINUTE_MS } });
    enricher.wake();
    await world.pass(MINUTE_MS - 1);
    expect(world.results).toEqual([]);
    await world.pass(2000);
    expect(statuses(world)).toEqual({ unavailable: 1000 });
    expect(world.results[0]).toMatchObject({ status: 'unavailable', enrichment: null });
    await world.pass(MINUTE_MS);
    expect(statuses(world)).toEqual({ unavailable: 1010 });
    expect(enricher.status().results).toEqual({ ok: 0, unavailable: 1010 });
    await world.settle();
  });

  it('makes orders unavailable while every place is taken', async () => {
    const world = begun();
    world.add(10, 5000);
    world.behaviour = () => ({ answer: OK, afterMs: MINUTE_MS });
    world.enricher({ concurrency: 2 }).wake();
    await world.pass(5100);
    expect(statuses(world)).toEqual({ unavailable: 8 });
    await world.settle();
    // These were being asked for all the time, and the answer came.
    expect(statuses(world)).toEqual({ unavailable: 8, ok: 2 });
  });

  it('makes orders unavailable that wait for their next attempt', async () => {
    const world = begun();
    world.add(3, 5000);
    world.behaviour = (orderId) => ({ answer: failing('timeout', orderId !== 'o1'), afterMs: 1 });
    world.enricher({ attempts: 20 }).wake();
    await world.pass(5100);
    expect(statuses(world)).toEqual({ unavailable: 3 });
  });

  it('makes orders unavailable that have rested, while every place is taken', async () => {
    const world = begun();
    world.add(1, 5000);
    world.add(2);
    world.behaviour = (orderId) =>
      orderId === 'o1'
        ? { answer: failing('bad_json', false), afterMs: 1 }
        : { answer: OK, afterMs: MINUTE_MS };
    world.enricher({ concurrency: 1 }).wake();
    await world.pass(5100);
    expect(statuses(world)).toEqual({ unavailable: 1 });
    await world.settle();
    expect(statuses(world)).toEqual({ unavailable: 1, ok: 2 });
  });

  it.each([true, false])(
    'makes an order unavailable at once that was being asked for, in vain (again: %s)',
    async (isRetryable) => {
      const world = begun();
      world.add(1, 5000);
      world.behaviour = () => ({ answer: failing('bad_json', isRetryable), afterMs: 6000 });
      world.enricher({ chance: () => 1 }).wake();
      await world.pass(6010);
      expect(statuses(world)).toEqual({ unavailable: 1 });
      expect(world.questions).toHaveLength(1);
    },
  );

  it('that has passed long ago is told without a question', async () => {
    const world = begun();
    world.add(5000, -1000);
    world.enricher().wake();
    await world.settle();
    expect(statuses(world)).toEqual({ unavailable: 5000 });
    expect(world.questions).toEqual([]);
  });

  it('is noticed when the wall clock has jumped over it', async () => {
    const world = begun();
    world.add(1, 60 * MINUTE_MS);
    world.behaviour = () => ({ answer: failing('unreachable'), afterMs: 1 });
    const enricher = world.enricher({ breaker: { failuresToOpen: 1, pauseMs: 120 * MINUTE_MS } });
    enricher.wake();
    await world.pass(MINUTE_MS);
    world.time.jump(60 * MINUTE_MS);
    await world.pass(MINUTE_MS);
    expect(statuses(world)).toEqual({ unavailable: 1 });
  });
});

describe('a log that does not take a result', () => {
  it('gets it later, and not in a hurry', async () => {
    const world = begun();
    world.add(2, MINUTE_MS);
    world.submitting = () => (world.time.monotonicMs() < 10_000 ? new Error('overloaded') : 1);
    const enricher = world.enricher();
    enricher.wake();
    await world.settle();
    expect(statuses(world)).toEqual({ ok: 2 });
    const { submitFailures } = enricher.status();
    expect(submitFailures).toBeGreaterThanOrEqual(2 * 10);
    expect(submitFailures).toBeLessThanOrEqual(2 * 20);
  });

  it('has so many under way, whatever waits', async () => {
    const world = begun();
    world.add(1000, 1000);
    world.add(1000, MINUTE_MS);
    world.time.jump(1000);
    world.submitting = () => 10_000;
    const enricher = world.enricher();
    enricher.wake();
    await world.pass(5000);
    expect(enricher.status()).toMatchObject({ submitting: 256, asking: 0, questions: 0 });
    await world.settle();
    expect(statuses(world)).toEqual({
      unavailable: 2000 - enricher.status().results.ok,
      ok: enricher.status().results.ok,
    });
    expect(world.results).toHaveLength(2000);
  });
});

describe('memory', () => {
  it('holds so many orders that fail, and those behind them are still given up in time', async () => {
    const world = begun();
    world.add(4500, MINUTE_MS);
    world.behaviour = () => ({ answer: failing('bad_shape', false), afterMs: 0 });
    const enricher = world.enricher({ concurrency: 256, chance: () => 1 });
    enricher.wake();
    await world.pass(20_000);
    expect(enricher.status()).toMatchObject({ waiting: 4096, questions: 4096 });
    await world.pass(50_000);
    expect(statuses(world)).toEqual({ unavailable: 4500 });
  });

  it('full of orders that fail does not look for others each time it is woken', async () => {
    const world = begun();
    world.add(4100);
    world.behaviour = () => ({ answer: failing('bad_shape', false), afterMs: 0 });
    const enricher = world.enricher({ concurrency: 256, chance: () => 1 });
    enricher.wake();
    await world.pass(1000);
    const { looks } = world;
    for (let woken = 0; woken < 1000; woken++) enricher.wake();
    expect(world.looks).toBe(looks);
    await enricher.stop();
  });

  it('full of orders that fail still gives up those whose time is over', async () => {
    const world = begun();
    world.add(4096);
    world.behaviour = () => ({ answer: failing('bad_shape', false), afterMs: 0 });
    const enricher = world.enricher({ concurrency: 256, chance: () => 1 });
    enricher.wake();
    await world.pass(1000);
    expect(enricher.status().waiting).toBe(4096);
    world.add(10, 1000);
    enricher.wake();
    await world.pass(1100);
    expect(statuses(world)).toEqual({ unavailable: 10 });
    await enricher.stop();
  });
});

describe('stop', () => {
  it('ends questions, pauses and timers at once', async () => {
    const world = begun();
    world.add(20);
    world.behaviour = (orderId) => ({
      answer: failing('timeout', orderId !== 'o1'),
      afterMs: orderId > 'o2' ? MINUTE_MS : 1,
    });
    const enricher = world.enricher({ concurrency: 3 });
    enricher.wake();
    await world.pass(100);
    expect(enricher.status()).toMatchObject({ asking: 3 });
    const stoppedAtMs = world.time.monotonicMs();
    const questions = world.questions.length;
    await enricher.stop();
    await world.settle();
    enricher.wake();
    enricher.retry();
    await world.settle();
    expect(world.time.monotonicMs()).toBe(stoppedAtMs);
    expect(world.questions).toHaveLength(questions);
    expect(world.results).toEqual([]);
  });

  it('waits for results that are on their way into the log', async () => {
    const world = begun();
    world.add(3);
    world.submitting = () => 500;
    const enricher = world.enricher();
    enricher.wake();
    await world.pass(100);
    expect(enricher.status().submitting).toBe(3);
    await world.time.run(enricher.stop());
    expect(world.results).toHaveLength(3);
  });
});
