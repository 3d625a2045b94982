import { ALWAYS_REQUIRED, describeInvalid, EVENT_FIELDS, parseAdEvent } from '../../../src/model/ad-event.ts';
import { describeInvalidOrder, ORDER_FIELDS, parseOrder } from '../../../src/model/order.ts';

/** A message as the ingest gateway writes it. */
export interface GatewayMessage {
  readonly key: string | null;
  readonly value: string;
  /** The bytes as sent, where the value says something else. */
  readonly raw: string | null;
}

/** The message of something sent, valid or not. */
export function gatewayMessage(kind: 'event' | 'order', sent: string): GatewayMessage {
  const bytes = Buffer.from(sent);
  const { id, value } = kind === 'event' ? eventValue(bytes) : orderValue(bytes);
  return { key: id, value, raw: value === sent ? null : sent };
}

function eventValue(bytes: Uint8Array): { id: string | null; value: string } {
  const reading = parseAdEvent(bytes, { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' });
  if (reading.ok) return { id: reading.event.eventId, value: canonical(reading.event, EVENT_FIELDS) };
  const { code, field, eventId } = reading.problem;
  const id = eventId === null ? {} : { eventId };
  return { id: eventId, value: JSON.stringify({ code, message: describeInvalid(code, field), ...id }) };
}

function orderValue(bytes: Uint8Array): { id: string | null; value: string } {
  const reading = parseOrder(bytes, { defaultCurrency: 'EUR' });
  if (reading.ok) return { id: reading.order.orderId, value: canonical(reading.order, ORDER_FIELDS) };
  const { code, field, orderId } = reading.problem;
  const id = orderId === null ? {} : { orderId };
  return { id: orderId, value: JSON.stringify({ code, message: describeInvalidOrder(code, field), ...id }) };
}

/** Fields in their order, those without a value left out. */
function canonical(content: object, fields: readonly string[]): string {
  const values = content as Readonly<Record<string, unknown>>;
  return JSON.stringify(
    Object.fromEntries(
      fields.filter((field) => values[field] !== null).map((field) => [field, values[field]]),
    ),
  );
}
