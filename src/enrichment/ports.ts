import type { UnixMs } from '../base/clock.ts';

/** Why the order service gave no details of an order. */
export const ORDER_SERVICE_FAILURES = [
  'not_found',
  'timeout',
  'unreachable',
  'bad_status',
  'too_large',
  'bad_json',
  'bad_shape',
  'redirect',
] as const;
export type OrderServiceFailure = (typeof ORDER_SERVICE_FAILURES)[number];

/** What the order service says of an order: plain JSON, bounded in keys, depth and bytes by the adapter. */
export type OrderDetails = Readonly<Record<string, unknown>>;

export type OrderServiceAnswer =
  | { readonly ok: true; readonly enrichment: OrderDetails }
  | {
      readonly ok: false;
      readonly reason: OrderServiceFailure;
      /** Whether the same question may have a better answer in a moment. */
      readonly retryable: boolean;
      /** One sentence for an operator; holds nothing that the service wrote. */
      readonly detail: string;
    };

/** The system that knows more of an order than its message says. */
export interface OrderService {
  /**
   * Resolves with what is known of the order, or a typed failure, within a bounded time and soon after `signal` aborts;
   * never rejects for what the service does.
   */
  fetchOrder(orderId: string, signal: AbortSignal): Promise<OrderServiceAnswer>;
}

/** An order whose details have not come yet. */
export interface PendingOrder {
  readonly orderId: string;
  readonly orderVersion: number;
  /** From then on its details are unavailable, Unix ms. */
  readonly deadline: UnixMs;
}

/** The orders that wait for their details: part of the engine's state, so that nothing else has to remember them. */
export interface PendingOrders {
  /** At most `limit` of them that are not in `except`, the earliest deadline first. */
  pending(limit: number, except: ReadonlySet<string>): readonly PendingOrder[];
}

/** What becomes of a pending order, on its way into the log. */
export interface EnrichmentResult {
  readonly orderId: string;
  /** The version that was pending when the order was taken up; a later one may have come since. */
  readonly orderVersion: number;
  readonly status: 'ok' | 'unavailable';
  /** Null when unavailable. */
  readonly enrichment: OrderDetails | null;
}

/**
 * Takes a result into the log. Resolves once the order is not pending any more; when it rejects nothing has come of it, and the
 * order is asked for again later.
 */
export type SubmitEnrichment = (result: EnrichmentResult) => Promise<void>;
