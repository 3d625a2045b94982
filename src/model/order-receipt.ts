import type { UnixMs } from '../base/clock.ts';
import { formatDuration } from '../base/units.ts';
import { formatTime } from './event-time.ts';
import { describeInvalidOrder, type InvalidOrder, type Order } from './order.ts';
import { ORDER_VERDICTS, type OrderVerdict } from './order-verdict.ts';

export type OrderVerdictCounts = Record<OrderVerdict, number>;

export function noOrderVerdicts(): OrderVerdictCounts {
  return Object.fromEntries(ORDER_VERDICTS.map((verdict) => [verdict, 0])) as OrderVerdictCounts;
}

/** Why a version of an order was not accepted, as told to its sender. */
export interface OrderProblem {
  /** Position of the order in its request, from 0. */
  readonly index: number;
  /** The order's id where one could be read. */
  readonly orderId: string | null;
  readonly verdict: Exclude<OrderVerdict, 'accepted'>;
  /** The verdict itself, or an InvalidCode. */
  readonly code: string;
  /** What is wrong, with what, and what would be right. */
  readonly message: string;
}

/** The answer to a batch of orders, given once they are durable and decided. */
export interface OrderReceipt {
  readonly received: number;
  readonly verdicts: OrderVerdictCounts;
  /** The first orders that were not accepted, at most `limits.problemsPerRequest`. */
  readonly problems: readonly OrderProblem[];
  /** `accepted` says what was taken in: from the gateway of a cluster, where it is judged later. */
  readonly provisional?: true;
}

export function invalidOrderProblem({ code, field, orderId }: InvalidOrder): Omit<OrderProblem, 'index'> {
  return { orderId, verdict: 'invalid', code, message: describeInvalidOrder(code, field) };
}

/** Says of a valid version what became of it and why. `knownVersion` is the one that is held, null when none is. */
export function refusedOrderProblem(
  verdict: Exclude<OrderVerdict, 'accepted' | 'invalid'>,
  { orderId, orderTime, orderVersion }: Order,
  knownVersion: number | null,
  {
    arrival,
    maxOrderAgeMs,
    maxClockSkewMs,
  }: {
    readonly arrival: UnixMs;
    readonly maxOrderAgeMs: number;
    readonly maxClockSkewMs: number;
  },
): Omit<OrderProblem, 'index'> {
  const times = `orderTime ${formatTime(orderTime)}, arrived ${formatTime(arrival)}`;
  const messages = {
    duplicate: 'This version of the order was accepted before; nothing is lost.',
    conflict: `Version ${orderVersion} of this order was accepted before with other content; the first one stands. Send a change as a higher orderVersion.`,
    stale: `Version ${knownVersion} of this order was accepted before, and is newer than version ${orderVersion}.`,
    late: `The order was placed longer ago than attribution.maxOrderAge, ${formatDuration(maxOrderAgeMs)} (${times}).`,
    future: `The order is further ahead than maxClockSkew, ${formatDuration(maxClockSkewMs)} (${times}).`,
  };
  return { orderId, verdict, code: verdict, message: messages[verdict] };
}
