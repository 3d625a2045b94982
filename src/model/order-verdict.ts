import type { Order } from './order.ts';

/**
 * What became of a version of an order; exactly one each: `accepted` as the newest; `duplicate`, the version that is known,
 * sent again; `conflict`, the same version with other content, of which the first stays; `stale`, older than what is known;
 * `late`, an order not known and placed too long ago; `future`, too far ahead; `invalid`, with an InvalidCode.
 */
export const ORDER_VERDICTS = [
  'accepted',
  'duplicate',
  'stale',
  'conflict',
  'late',
  'future',
  'invalid',
] as const;
export type OrderVerdict = (typeof ORDER_VERDICTS)[number];

/** Everything interpreted of an order but its id, as JSON: two of one id and version are duplicates when it is the same. */
export function orderContentKey(order: Order): string {
  return JSON.stringify([
    order.orderVersion,
    order.orderStatus,
    order.orderTime,
    order.userId,
    order.merchantId,
    order.amountMicros,
    order.currency,
  ]);
}
