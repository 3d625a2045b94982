import { type AdEvent, describeInvalid, EVENT_BYTES_MAX, parseAdEvent } from '../../model/ad-event.ts';
import { describeInvalidOrder, type Order, parseOrder } from '../../model/order.ts';
import type { InvalidCode } from '../../model/verdict.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';

/** The only part of a pipeline that decides whether an event or order is valid. */
export type Reading = Pick<PipelineSpec, 'requiredFields' | 'defaultCurrency'>;

/** What one event or order is: the value of its message, and why it is invalid where it is. */
export interface Received {
  /** eventId or orderId where one can be read. */
  readonly id: string | null;
  /** JSON. */
  readonly value: string;
  readonly problem: { readonly code: InvalidCode; readonly message: string } | null;
}

/** Longest part of what was sent that goes along with its message: all of it, unless it is `too_large`. */
export const RAW_BYTES_MAX = EVENT_BYTES_MAX;

export function readEvent(raw: Uint8Array, format: Reading): Received {
  const reading = parseAdEvent(raw, format);
  if (reading.ok) return { id: reading.event.eventId, value: eventJson(reading.event), problem: null };
  const { code, field, eventId } = reading.problem;
  const problem = { code, message: describeInvalid(code, field) };
  return {
    id: eventId,
    value: JSON.stringify({ ...problem, ...(eventId === null ? {} : { eventId }) }),
    problem,
  };
}

export function readOrder(raw: Uint8Array, format: Reading): Received {
  const reading = parseOrder(raw, format);
  if (reading.ok) return { id: reading.order.orderId, value: orderJson(reading.order, raw), problem: null };
  const { code, field, orderId } = reading.problem;
  const problem = { code, message: describeInvalidOrder(code, field) };
  return {
    id: orderId,
    value: JSON.stringify({ ...problem, ...(orderId === null ? {} : { orderId }) }),
    problem,
  };
}

/** Two events are the same when this is. */
function eventJson({ merchantId, placement, costMicros, currency, ...event }: AdEvent): string {
  const { eventId, eventType, eventTime, adId, campaignId, advertiserId, userId } = event;
  return JSON.stringify({
    eventId,
    eventType,
    eventTime,
    adId,
    campaignId,
    advertiserId,
    userId,
    // JSON leaves out what is undefined.
    merchantId: merchantId ?? undefined,
    placement: placement ?? undefined,
    costMicros,
    currency,
  });
}

/** The interpreted fields, in the order of ORDER_FIELDS, and the items as they came. */
function orderJson(order: Order, raw: Uint8Array): string {
  const { orderId, orderVersion, orderStatus, orderTime, userId, merchantId, amountMicros, currency } = order;
  const { items } = JSON.parse(Buffer.from(raw).toString()) as { readonly items?: unknown };
  return JSON.stringify({
    orderId,
    orderVersion,
    orderStatus,
    orderTime,
    userId,
    merchantId,
    amountMicros,
    currency,
    items: items ?? undefined,
  });
}
