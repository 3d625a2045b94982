import { describe, expect, it } from 'vitest';
import { HOSTILITIES, detailsOf, startOrderService } from '../../examples/order-service/order-service.ts';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { HttpOrderService } from '../../src/adapters/order-service/http-order-service.ts';
import { Enricher } from '../../src/enrichment/enricher.ts';
import type { EnrichmentResult, PendingOrder } from '../../src/enrichment/ports.ts';

const ORDERS = 40;

/** Pending orders that a real service is asked for, over real connections. */
function startEnricher(url: string) {
  const pending = new Map<string, PendingOrder>();
  const results: EnrichmentResult[] = [];
  const all = Promise.withResolvers<void>();
  for (let number = 1; number <= ORDERS; number++) {
    const orderId = `order/${number}`;
    pending.set(orderId, { orderId, orderVersion: 1, deadline: nodeClock.now() + 600_000 });
  }
  const enricher = new Enricher({
    clock: nodeClock,
    chance: Math.random,
    service: new HttpOrderService({ url, timeoutMs: 50, responseBytes: 1024 }),
    pendingOrders: {
      pending: (limit, except) =>
        [...pending.values()].filter(({ orderId }) => !except.has(orderId)).slice(0, limit),
    },
    submit: (result) => {
      results.push(result);
      pending.delete(result.orderId);
      if (pending.size === 0) all.resolve();
      return Promise.resolve();
    },
    concurrency: 4,
    attempts: 5,
    backoffMs: 5,
    breaker: { failuresToOpen: 5, pauseMs: 20 },
  });
  return { enricher, results, all: all.promise };
}

describe('after an outage', () => {
  it.each([...HOSTILITIES, 'gone'] as const)('(%s) every order gets its details', async (outage) => {
    const isGone = outage === 'gone';
    const bad = await startOrderService({ hostile: isGone ? undefined : outage });
    const port = Number(new URL(bad.url).port);
    if (isGone) await bad.close();
    const { enricher, results, all } = startEnricher(bad.url);
    enricher.wake();
    while (enricher.status().breaker === 'closed') await nodeClock.turn();
    expect(results).toEqual([]);
    await bad.close();
    const good = await startOrderService({ port });
    enricher.retry();
    await all;
    await enricher.stop();
    await good.close();
    expect(results).toHaveLength(ORDERS);
    for (const { orderId, status, enrichment } of results)
      expect({ status, enrichment }).toEqual({ status: 'ok', enrichment: detailsOf(orderId) });
  });
});
