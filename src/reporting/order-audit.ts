import type { AttributedOrder } from '../model/attributed-order.ts';
import type { Touch } from '../model/touch.ts';

/** An attributed order as a recount gives it: nothing of revisions and of the order service. */
export type RecountedOrder = Omit<AttributedOrder, 'revision' | 'enrichment' | 'enrichmentStatus'>;

/**
 * Says in words where the served records of one order differ from those recounted; empty when they do not. A served record of
 * a rank that no touch has any more must be worth nothing.
 */
export function orderDifferences(
  served: readonly AttributedOrder[],
  recounted: readonly RecountedOrder[],
): string[] {
  const rest = new Map(served.map((record) => [record.recordId, record]));
  const found: string[] = [];
  for (const twin of recounted) {
    const record = rest.get(twin.recordId);
    rest.delete(twin.recordId);
    const parts = record === undefined ? ['in the recount, but not served'] : fieldDifferences(record, twin);
    if (parts.length > 0) found.push(`${nameOf(twin)}: ${parts.join('; ')}`);
  }
  for (const record of rest.values()) {
    if (recounted.length === 0) found.push(`${nameOf(record)}: served, but not in the recount`);
    else if (record.creditMicros !== 0) {
      found.push(
        `${nameOf(record)}: creditMicros ${record.creditMicros}, but no touch has this rank any more`,
      );
    }
  }
  return found;
}

/**
 * Says in words where the credits of one order do not sum to its amount, or to 0 when it is cancelled or unattributed; needs
 * no recount. Only the models named are looked at.
 */
export function creditDifferences(
  served: readonly AttributedOrder[],
  models: readonly AttributedOrder['model'][],
): string[] {
  const found: string[] = [];
  for (const model of models) {
    const records = served.filter((record) => record.model === model);
    // Rank 0 is always up to date: every decision has one.
    const first = records.find(({ rank }) => rank === 0);
    if (first === undefined) continue;
    const isWorth = first.outcome === 'attributed' && first.orderStatus !== 'cancelled';
    const due = isWorth ? BigInt(first.amountMicros) : 0n;
    const sum = records.reduce((total, { creditMicros }) => total + BigInt(creditMicros), 0n);
    if (sum !== due)
      found.push(`order ${first.orderId} by ${model}: the credits sum to ${sum}, not to ${due}`);
  }
  return found;
}

/** Says in words where the served touches of a user differ from those recounted, whatever their order. */
export function touchDifferences(
  userId: string,
  served: readonly Touch[],
  recounted: readonly Touch[],
): string[] {
  const rest = new Map(served.map((touch) => [keyOf(touch), touch]));
  const found: string[] = [];
  if (rest.size < served.length) found.push(`user ${userId}: a touch is served twice`);
  for (const twin of recounted) {
    const name = `user ${userId}, touch ${twin.eventId}`;
    const touch = rest.get(keyOf(twin));
    rest.delete(keyOf(twin));
    const parts = touch === undefined ? ['in the recount, but not served'] : fieldDifferences(touch, twin);
    if (parts.length > 0) found.push(`${name}: ${parts.join('; ')}`);
  }
  for (const { eventId } of rest.values()) {
    found.push(`user ${userId}, touch ${eventId}: served, but not in the recount`);
  }
  return found;
}

function keyOf({ region, eventId }: Touch): string {
  return `${region}/${eventId}`;
}

function fieldDifferences<Recounted extends object>(served: Recounted, recounted: Recounted): string[] {
  return (Object.keys(recounted) as (keyof Recounted & string)[])
    .filter((field) => served[field] !== recounted[field])
    .map((field) => `${field} ${String(served[field])}, recounted ${String(recounted[field])}`);
}

function nameOf({ orderId, model, rank }: RecountedOrder): string {
  return `order ${orderId} by ${model}, rank ${rank}`;
}
