import type { RegionTraffic } from '../../client/failover.ts';
import { RegionSender, type Sent } from '../../client/region-sender.ts';
import type { OrderReceipt } from '../../model/order-receipt.ts';
import type { IngestReceipt } from '../../model/verdict.ts';

export interface DemoClientsOptions {
  /** Where the regions are. */
  readonly urls: readonly string[];
  readonly key: string | undefined;
  /** From 0 inclusive to 1 exclusive. */
  readonly chance: () => number;
}

/** So many requests in a hundred are sent to the other region as well, by clients that lost patience: each of them counts once. */
const IMPATIENT_PERCENT = 3;

/**
 * Clients all over the world: each region is the preferred one of as many as any other, and the one they go to when theirs fails.
 * A click may be sent to one region and the order that follows it to the other.
 */
export class DemoClients implements Pick<RegionSender, 'sendEvents' | 'sendOrders' | 'traffic'> {
  readonly #senders: readonly RegionSender[];
  readonly #urls: readonly string[];
  readonly #chance: () => number;
  #requests = 0;

  constructor({ urls, key, chance }: DemoClientsOptions) {
    this.#urls = urls;
    this.#chance = chance;
    this.#senders = urls.map(
      (_url, first) =>
        new RegionSender({
          regions: [...urls.slice(first), ...urls.slice(0, first)].map((url) => ({ url, key })),
          // Regions of the demo come back.
          retry: { patienceMs: Infinity },
        }),
    );
  }

  async sendEvents(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    const near = this.#next();
    const sent = await this.#senders[near].sendEvents(ndjson, stop);
    if (this.#urls.length > 1 && this.#chance() * 100 < IMPATIENT_PERCENT) {
      const far = this.#urls.findIndex((url) => url !== sent.url);
      // It is counted already; only the books of the other region show this one.
      await this.#senders[far].sendEvents(ndjson, stop).catch(() => undefined);
    }
    return sent;
  }

  sendOrders(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<OrderReceipt>> {
    return this.#senders[this.#next()].sendOrders(ndjson, stop);
  }

  /** How many requests went where, of all clients. */
  traffic(): RegionTraffic[] {
    const all = this.#senders.flatMap((sender) => sender.traffic());
    return this.#urls.map((url) => {
      const sum = { url, requests: 0, resends: 0, failures: 0 };
      for (const { requests, resends, failures } of all.filter((part) => part.url === url)) {
        sum.requests += requests;
        sum.resends += resends;
        sum.failures += failures;
      }
      return sum;
    });
  }

  #next(): number {
    return this.#requests++ % this.#senders.length;
  }
}
