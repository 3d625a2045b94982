import { nodeClock } from '../adapters/node-clock/node-clock.ts';
import { HttpOrderService, readToken } from '../adapters/order-service/http-order-service.ts';
import type { Region } from '../embedded/ports.ts';
import { Enricher } from '../enrichment/enricher.ts';
import type { OrderService } from '../enrichment/ports.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';

/** Has a region's orders enriched by the order service; undefined where none is configured. Throws AdtallyError config_invalid. */
export async function startEnricher(region: Region, spec: PipelineSpec): Promise<Enricher | undefined> {
  const { url, concurrency, attempts, backoff } = spec.enrichment;
  if (url === '') return undefined;
  const enricher = new Enricher({
    clock: nodeClock,
    chance: Math.random,
    service: await openOrderService(spec),
    pendingOrders: { pending: (limit, except) => region.pendingOrders(limit, except) },
    submit: (result) => region.enrich(result),
    concurrency,
    attempts,
    backoffMs: backoff,
  });
  region.onChange(() => {
    if (region.pendingOrders(1, NONE).length > 0) enricher.wake();
  });
  enricher.wake();
  return enricher;
}

/** The order service of the spec, whose `enrichment.url` is set. Rejects with config_invalid without a token that can be read. */
export async function openOrderService({ enrichment }: PipelineSpec): Promise<OrderService> {
  const { url, tokenFile, timeout, responseBytes } = enrichment;
  const token = tokenFile === '' ? undefined : await readToken(tokenFile);
  return new HttpOrderService({ url, token, timeoutMs: timeout, responseBytes });
}

const NONE: ReadonlySet<string> = new Set();
