import type { UnixMs } from '../base/clock.ts';

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
