import { currencyFault, identifierFault, wholeNumberFault, wordFault } from '../model/field-checks.ts';
import { newEventId } from './event-id.ts';

type Time = number | string | Date;

/** An impression or click, as a publisher knows it. What else it holds is kept in the log, and not read. */
export interface EventDraft {
  readonly eventType: 'impression' | 'click';
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly userId: string;
  /** Made here when it is missing; what tells the event from every other one. */
  readonly eventId?: string;
  /** Unix ms, RFC 3339 or a Date; now when it is missing. */
  readonly eventTime?: Time;
  readonly merchantId?: string;
  readonly placement?: string;
  /** Whole micros of the currency, from 0. */
  readonly costMicros?: number;
  readonly currency?: string;
}

/** A version of an order. What else it holds, such as `items`, is kept in the log, and not read. */
export interface OrderDraft {
  readonly orderId: string;
  readonly userId: string;
  readonly merchantId: string;
  /** Whole micros of the currency, from 0; net, after refunds. */
  readonly amountMicros: number;
  /** From 1; a later version replaces the earlier. */
  readonly orderVersion?: number;
  readonly orderStatus?: 'placed' | 'cancelled' | 'refunded';
  /** Unix ms, RFC 3339 or a Date; now when it is missing. */
  readonly orderTime?: Time;
  readonly currency?: string;
}

/** What will be sent: from here on the bytes stay the same, whenever and wherever they go. */
export interface Line {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** A fault that the region would find, too; only the cheap checks are made here. */
export interface DraftFault {
  readonly id: string | null;
  readonly message: string;
}

/** Largest event or order that a region takes. */
const LINE_BYTES_MAX = 65_536;

export function writeEvent(draft: EventDraft): Line | DraftFault {
  const event = {
    ...draft,
    eventId: draft.eventId ?? newEventId(),
    eventTime: draft.eventTime ?? Date.now(),
  };
  return writeLine(event, event.eventId, 'event', {
    eventId: identifierFault,
    eventType: (value) => wordFault(value, ['impression', 'click']),
    adId: identifierFault,
    campaignId: identifierFault,
    advertiserId: identifierFault,
    userId: identifierFault,
    merchantId: optional(identifierFault),
    placement: optional(identifierFault),
    costMicros: optional((value) => wholeNumberFault(value, 0)),
    currency: optional(currencyFault),
  });
}

export function writeOrder(draft: OrderDraft): Line | DraftFault {
  const order = { ...draft, orderTime: draft.orderTime ?? Date.now() };
  return writeLine(order, order.orderId, 'order', {
    orderId: identifierFault,
    orderVersion: optional((value) => wholeNumberFault(value, 1)),
    orderStatus: optional((value) => wordFault(value, ['placed', 'cancelled', 'refunded'])),
    userId: identifierFault,
    merchantId: identifierFault,
    amountMicros: (value) => wholeNumberFault(value, 0),
    currency: optional(currencyFault),
  });
}

type Check = (value: unknown) => string | null;

function optional(check: Check): Check {
  return (value) => (value === undefined ? null : check(value));
}

function writeLine(
  fields: object,
  id: string,
  noun: string,
  checks: Readonly<Record<string, Check>>,
): Line | DraftFault {
  const readable = identifierFault(id) === null ? id : null;
  for (const [field, check] of Object.entries(checks)) {
    const value = (fields as Record<string, unknown>)[field];
    const fault = check(value);
    if (fault === null) continue;
    const what = value === undefined ? 'missing' : `not valid (${fault})`;
    return { id: readable, message: `${field} of the ${noun} is ${what}.` };
  }
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(fields));
    if (bytes.length <= LINE_BYTES_MAX) return { id, bytes };
    return { id, message: `The ${noun} has more than ${LINE_BYTES_MAX} bytes.` };
  } catch (error) {
    return { id, message: `The ${noun} cannot be written as JSON: ${(error as Error).message}.` };
  }
}
