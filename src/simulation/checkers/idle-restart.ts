import type { Region } from '../../embedded/ports.ts';
import { expectEqual, type Checker } from './checker.ts';
import { recordsOf } from './exact-figures.ts';

/** A restart by itself changes nothing: not the figures, not the books, not the ids, not the feeds, not the orders. */
export function idleRestart(): Checker {
  return {
    name: 'a second restart changes nothing',
    atRest: ({ region, again }) => {
      expectEqual('records after a second restart', factsOf(again), factsOf(region));
    },
  };
}

/** Everything about a region that a restart must not change. */
export function factsOf(region: Region): unknown {
  const { orders, rememberedIds, quarantineHeld, quarantineDropped } = region.status();
  const pending = region.pendingOrders(Number.MAX_SAFE_INTEGER, new Set());
  return {
    records: Object.fromEntries(recordsOf(region)),
    audit: region.audit(),
    cursor: region.changedAdMinutes(undefined, Number.MAX_SAFE_INTEGER).cursor,
    // As text: the same bytes, not only the same content.
    attributedOrders: JSON.stringify(region.changedOrders(undefined, Number.MAX_SAFE_INTEGER)),
    orders,
    pendingOrders: pending.map(({ orderId, deadline }) => `${deadline} ${orderId}`).toSorted(),
    asOf: region.asOf(),
    rememberedIds,
    quarantineHeld,
    quarantineDropped,
  };
}
