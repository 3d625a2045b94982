import type { OrderReceipt } from '../order-receipt.ts';
import type { IngestReceipt } from '../verdict.ts';

/** How a request's events are laid out in its bytes. */
export type BodyFormat = 'json' | 'ndjson';

/** What takes in events and orders: a region of the embedded engine, or the gateway of a cluster. */
export interface Ingest {
  /**
   * Takes in a request body, which must not change until the answer. Resolves once its events are durable; rejects with
   * AdtallyError, and then the same body may be sent again: nothing is counted twice.
   */
  ingest(body: Uint8Array, format: BodyFormat): Promise<IngestReceipt>;
  /** The same for orders. */
  ingestOrders(body: Uint8Array, format: BodyFormat): Promise<OrderReceipt>;
  /** Bytes accepted but not yet done with. */
  pendingBytes(): number;
}
