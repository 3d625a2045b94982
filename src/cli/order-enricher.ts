import { nodeClock } from '../adapters/node-clock/node-clock.ts';
import { HttpOrderService, readToken } from '../adapters/order-service/http-order-service.ts';
import { Enricher } from '../enrichment/enricher.ts';
import type { Region } from '../embedded/ports.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';

/** Has a region's orders enriched by the order service; undefined where none is configured. Throws AdtallyError config_invalid. */
export async function startEnricher(region: Region, spec: PipelineSpec): Promise<Enricher | undefined> {
  const { url, tokenFile, timeout, responseBytes, concurrency, attempts, backoff } = spec.enrichment;
  if (url === '') return undefined;
  const token = tokenFile === '' ? undefined : await readToken(tokenFile);
  const enricher = new Enricher({
    clock: nodeClock,
    chance: Math.random,
    service: new HttpOrderService({ url, token, timeoutMs: timeout, responseBytes }),
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

const NONE: ReadonlySet<string> = new Set();
