import type { AttributedOrder, EnrichmentStatus } from '../../model/attributed-order.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { Order } from '../../model/order.ts';
import type { Touch } from '../../model/touch.ts';

/** What the order service said of the current version of an order, or is still asked for. */
export interface OrderEnrichment {
  readonly status: EnrichmentStatus;
  readonly details: Readonly<Record<string, unknown>> | null;
  /** Until when an answer is waited for, Unix ms. */
  readonly deadline: UnixMs;
}

/** One record of an order, and the change feed's number of its last change. */
export interface OrderRecord {
  readonly change: number;
  readonly content: AttributedOrder;
}

/**
 * All that is known of one order. Never changed, only replaced: so a snapshot may write it later than the cut that it
 * belongs to.
 */
export interface OrderState {
  /** The latest version. */
  readonly order: Order;
  /** When the first version arrived, Unix ms. */
  readonly firstArrival: UnixMs;
  /** The lowest version that this region has accepted from a client, and that the peer has; 0 for none. */
  readonly takenHere: number;
  readonly takenThere: number;
  /** The touches with a share in some model. They still decide once the touch store has let its touches go. */
  readonly touches: readonly Touch[];
  /** By model, then rank. */
  readonly records: readonly OrderRecord[];
  /** Null when no order service is configured. */
  readonly enrichment: OrderEnrichment | null;
}
