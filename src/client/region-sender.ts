import type { OrderReceipt } from '../model/order-receipt.ts';
import type { IngestReceipt } from '../model/verdict.ts';
import { Failover, type RegionTraffic } from './failover.ts';
import { readReceipt } from './outcome.ts';
import { errorOf } from './region-client.ts';
import type { RegionAddress } from './region-request.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts';

export interface RegionSenderOptions {
  /** The preferred one first. */
  readonly regions: readonly RegionAddress[];
  readonly retry?: Partial<RetryPolicy>;
  /** Longest wait for one answer, ms. */
  readonly timeoutMs?: number;
}

export interface Sent<Receipt> {
  readonly receipt: Receipt;
  /** The region that answered. */
  readonly url: string;
  /** How often the same bytes had to go out again. */
  readonly resends: number;
  /** Resends after which it is not known whether a region had counted already: it then says `duplicate`. */
  readonly answersLost: number;
}

/** Sends whole requests to the first region that takes them. For programs that gather their own batches. */
export class RegionSender {
  readonly #failover: Failover;

  constructor({ regions, retry, timeoutMs }: RegionSenderOptions) {
    this.#failover = new Failover({
      regions,
      retry: { ...DEFAULT_RETRY, ...retry },
      // Where there is nowhere else to go, a slow answer is worth the wait.
      timeoutMs: timeoutMs ?? (regions.length > 1 ? 15_000 : 60_000),
    });
  }

  /** How many requests went where. */
  traffic(): RegionTraffic[] {
    return this.#failover.traffic();
  }

  /**
   * Sends NDJSON until a region has answered: a lost connection, an overload and a restart are waited out or go to the other
   * region, for the same event is counted once however often it comes. `stop` ends the waiting, never a request under way.
   * Throws `unreachable` or the region's refusal.
   */
  sendEvents(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    return this.#send<IngestReceipt>('/v1/events', ndjson, stop);
  }

  /** The same for orders. */
  sendOrders(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<OrderReceipt>> {
    return this.#send<OrderReceipt>('/v1/orders', ndjson, stop);
  }

  /** Sends NDJSON to `path` in the same way; `read` takes the answer apart, undefined when it is none of a region. */
  async send<Answer>(
    path: string,
    ndjson: Uint8Array,
    read: (answer: Uint8Array) => Answer | undefined,
    stop?: AbortSignal,
  ): Promise<Sent<Answer>> {
    const delivery = await this.#failover.send(path, ndjson.slice(), read, stop);
    if (!delivery.ok) throw errorOf(delivery.failure);
    const { receipt, url, resends, answersLost } = delivery;
    return { receipt, url, resends, answersLost };
  }

  async #send<Receipt>(path: string, ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<Receipt>> {
    return (await this.send(path, ndjson, readReceipt, stop)) as Sent<unknown> as Sent<Receipt>;
  }
}
