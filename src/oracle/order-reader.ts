import {
  checkCurrency,
  checkText,
  checkWholeNumber,
  checkWord,
  readJsonFields,
  type FieldChecks,
} from './json-fields.ts';
import { checkWireTime, readWireTime } from './wire-time.ts';

/** One version of a valid order with its defaults filled in. */
export interface OracleOrder {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly orderStatus: 'placed' | 'cancelled' | 'refunded';
  readonly orderTime: number;
  readonly userId: string;
  readonly merchantId: string;
  readonly amountMicros: number;
  readonly currency: string;
}

export type OracleOrderReading =
  | { readonly order: OracleOrder; readonly code: null; readonly orderId: string }
  | { readonly order: null; readonly code: string; readonly orderId: string | null };

const STATUSES = ['placed', 'cancelled', 'refunded'];

/** The known fields with their checks, in the order in which they are looked at: the first fault is the order's. */
const CHECKS: FieldChecks = new Map([
  ['orderId', checkText],
  ['orderVersion', (value: unknown) => checkWholeNumber(value, 1)],
  ['orderStatus', (value: unknown) => checkWord(value, STATUSES)],
  ['orderTime', checkWireTime],
  ['userId', checkText],
  ['merchantId', checkText],
  ['amountMicros', (value: unknown) => checkWholeNumber(value, 0)],
  ['currency', checkCurrency],
]);
const REQUIRED = ['orderId', 'orderTime', 'userId', 'merchantId', 'amountMicros'];

/** Reads one version of an order from the bytes of one JSON text. */
export function readOracleOrder(bytes: Uint8Array, defaultCurrency: string): OracleOrderReading {
  const { given, code, id } = readJsonFields(bytes, CHECKS, REQUIRED);
  if (given === null) return { order: null, code: code!, orderId: id };
  // All checks have passed: the casts state what they found.
  const order: OracleOrder = {
    orderId: given.get('orderId') as string,
    orderVersion: (given.get('orderVersion') ?? 1) as number,
    orderStatus: (given.get('orderStatus') ?? 'placed') as OracleOrder['orderStatus'],
    orderTime: readWireTime(given.get('orderTime'))!,
    userId: given.get('userId') as string,
    merchantId: given.get('merchantId') as string,
    amountMicros: Math.abs(given.get('amountMicros') as number),
    currency: (given.get('currency') ?? defaultCurrency) as string,
  };
  return { order, code: null, orderId: id! };
}
