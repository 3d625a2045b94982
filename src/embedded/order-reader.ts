import type { AttributedOrder } from '../model/attributed-order.ts';
import type { PendingOrder } from '../enrichment/ports.ts';
import type { OrderReport, OrderStatusCounts } from './ports.ts';
import type { Attribution } from './state/attribution.ts';

/** An order as it stands, and why; undefined when none is held. */
export function reportOrder(attribution: Attribution, orderId: string): OrderReport | undefined {
  const state = attribution.get(orderId);
  if (state === undefined) return undefined;
  const { order, firstArrival, records } = state;
  return {
    order,
    firstArrival,
    records: records.map(({ content }) => content),
    touches: attribution.explain(state),
  };
}

/** The records of each order held, order by order; an order that changes meanwhile comes once all the same. */
export function* listOrders(attribution: Attribution): Generator<readonly AttributedOrder[], void> {
  for (const { records } of attribution.all()) yield records.map(({ content }) => content);
}

/** The records that changed last, newest change first. */
export function listLatestOrders(attribution: Attribution, limit: number): AttributedOrder[] {
  return attribution.changes
    .latest()
    .take(limit)
    .map(({ content }) => content)
    .toArray();
}

/** Orders that wait for the order service, the earliest deadline first. */
export function listPendingOrders(
  attribution: Attribution,
  limit: number,
  except: ReadonlySet<string>,
): PendingOrder[] {
  return attribution
    .pending()
    .filter(({ order }) => !except.has(order.orderId))
    .take(limit)
    .map(({ order, enrichment }) => ({
      orderId: order.orderId,
      orderVersion: order.orderVersion,
      deadline: enrichment!.deadline,
    }))
    .toArray();
}

export function countOrders({ scalars, count, pendingCount }: Attribution): OrderStatusCounts {
  const { received, verdicts } = scalars;
  return { received, verdicts: { ...verdicts }, held: count, pending: pendingCount };
}
