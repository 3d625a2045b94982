import type { OrderReceipt } from '../../model/order-receipt.ts';
import type { IngestReceipt } from '../../model/verdict.ts';

/** What came of an entry of the log, for whoever sent it. */
export type EntryReceipt =
  | { readonly of: 'events'; readonly receipt: IngestReceipt }
  | { readonly of: 'orders'; readonly receipt: OrderReceipt }
  | { readonly of: 'nothing' };
