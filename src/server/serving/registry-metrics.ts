import { collectDefaultMetrics, Histogram, type Metric, Registry } from 'prom-client';
import { SECOND_MS } from '../../base/units.ts';
import type { HttpMetrics } from '../route.ts';

const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What `/metrics` of any server shows: metrics of its own, those of its requests, those of its process. In a registry of its own. */
export class RegistryMetrics implements HttpMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram;

  constructor(own: readonly Metric[]) {
    for (const metric of own) this.#registry.registerMetric(metric);
    this.#requests = new Histogram({
      name: 'adtally_http_request_seconds',
      help: 'From a request’s headers to the end of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_BUCKETS,
      registers: [this.#registry],
    });
    collectDefaultMetrics({ register: this.#registry, prefix: 'adtally_' });
  }

  observeRequest(method: string, route: string, status: number, durationMs: number): void {
    this.#requests.observe({ method, route, status }, durationMs / SECOND_MS);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#registry.clear();
  }
}
