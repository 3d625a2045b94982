import type { UnixMs } from '../base/clock.ts';
import { parseEventTime } from './event-time.ts';
import {
  commonSentences,
  currencyFault,
  identifierFault,
  readableIdentifier,
  wholeNumberFault,
  wordFault,
} from './field-checks.ts';
import { knownFields, ownField, readJsonObject, type JsonFields } from './json-object.ts';
import type { InvalidCode } from './verdict.ts';

export const ORDER_STATUSES = ['placed', 'cancelled', 'refunded'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** One version of a valid order, with defaults filled in. */
export interface Order {
  readonly orderId: string;
  /** Whole number ≥ 1; a later version replaces the earlier ones. */
  readonly orderVersion: number;
  readonly orderStatus: OrderStatus;
  readonly orderTime: UnixMs;
  readonly userId: string;
  readonly merchantId: string;
  /** Net amount, after refunds; integer micros of `currency`, ≥ 0. */
  readonly amountMicros: number;
  /** ISO 4217 code. */
  readonly currency: string;
}

/** The fields adtally interprets, in the order in which they are checked. Anything else, `items` too, is kept, not read. */
export const ORDER_FIELDS = [
  'orderId',
  'orderVersion',
  'orderStatus',
  'orderTime',
  'userId',
  'merchantId',
  'amountMicros',
  'currency',
] as const satisfies readonly (keyof Order)[];
export type OrderField = (typeof ORDER_FIELDS)[number];

/** The fields without which an order is invalid. */
export const REQUIRED_ORDER_FIELDS: readonly OrderField[] = [
  'orderId',
  'orderTime',
  'userId',
  'merchantId',
  'amountMicros',
];

/** Largest order, its items included. */
const ORDER_BYTES_MAX = 65_536;

/** What reading an order depends on. */
export interface OrderFormat {
  readonly defaultCurrency: string;
}

/** Why bytes are not a valid order. */
export interface InvalidOrder {
  readonly code: InvalidCode;
  /** The field at fault; null when it is the order as a whole. */
  readonly field: OrderField | null;
  /** The order's id where one could be read. */
  readonly orderId: string | null;
}

export type OrderReading =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly problem: InvalidOrder };

const KNOWN_FIELDS = knownFields(ORDER_FIELDS);

/** Reads one version of an order from the bytes of one JSON value. */
export function parseOrder(bytes: Uint8Array, format: OrderFormat): OrderReading {
  const reading = readJsonObject(bytes, KNOWN_FIELDS, ORDER_BYTES_MAX);
  if (!reading.ok) return invalid(reading.code, reading.field, reading.fields);
  return readOrder(reading.fields, format);
}

/** Checks a parsed JSON object, field by field in the order of ORDER_FIELDS; the first fault is the one reported. */
function readOrder(fields: JsonFields, format: OrderFormat): OrderReading {
  for (const field of ORDER_FIELDS) {
    const code = fieldFault(field, ownField(fields, field));
    if (code !== null) return invalid(code, field, fields);
  }
  const order: Order = {
    orderId: fields['orderId'] as string,
    orderVersion: (ownField(fields, 'orderVersion') as number | undefined) ?? 1,
    orderStatus: (ownField(fields, 'orderStatus') as OrderStatus | undefined) ?? 'placed',
    orderTime: parseEventTime(fields['orderTime'])!,
    userId: fields['userId'] as string,
    merchantId: fields['merchantId'] as string,
    amountMicros: (fields['amountMicros'] as number) + 0, // −0 becomes 0
    currency: (ownField(fields, 'currency') as string | undefined) ?? format.defaultCurrency,
  };
  return { ok: true, order };
}

const FAULTS: Record<InvalidCode, (field: string) => string> = {
  ...commonSentences('order', ORDER_BYTES_MAX),
  bad_type: (field) => {
    if (field === 'amountMicros') return 'amountMicros must be a whole number of micros.';
    return field === 'orderVersion' ? 'orderVersion must be a whole number.' : `${field} must be a string.`;
  },
  bad_value: () => 'orderStatus must be "placed", "cancelled" or "refunded".',
  out_of_range: (field) => `${field} must be from ${field === 'orderVersion' ? 1 : 0} to 9007199254740991.`,
  sum_out_of_range: () =>
    'With this amountMicros a sum would pass 2^53 − 1; adtally refuses it rather than round.',
};

/** One sentence for the sender: what is wrong with the order and what would be right. */
export function describeInvalidOrder(code: InvalidCode, field: string | null): string {
  return FAULTS[code](field ?? 'The order');
}

function invalid(code: InvalidCode, field: OrderField | null, fields: JsonFields | null): OrderReading {
  const orderId = fields === null ? null : readableIdentifier(ownField(fields, 'orderId'));
  return { ok: false, problem: { code, field, orderId } };
}

function fieldFault(field: OrderField, value: unknown): InvalidCode | null {
  if (value === undefined) return REQUIRED_ORDER_FIELDS.includes(field) ? 'missing_field' : null;
  switch (field) {
    case 'orderTime':
      return parseEventTime(value) === undefined ? 'bad_time' : null;
    case 'orderVersion':
      return wholeNumberFault(value, 1);
    case 'amountMicros':
      return wholeNumberFault(value, 0);
    case 'orderStatus':
      return wordFault(value, ORDER_STATUSES);
    case 'currency':
      return currencyFault(value);
    default:
      return identifierFault(value);
  }
}
