import type { AttributedOrder, AttributionModel } from '../../../model/attributed-order.ts';

/** One order of the list, as one model sees it. */
export interface OrderLine {
  /** The record that says who comes first, or why nobody does. */
  readonly first: AttributedOrder;
  /** How many more touches have credit. */
  readonly sharers: number;
}

/** What the lines add up to. Credit is kept by currency: money of two is never added up. */
export interface OrderTotals {
  readonly orders: number;
  readonly attributed: number;
  /** Exact micros by currency; many orders may come to more than 2^53. */
  readonly creditMicros: ReadonlyMap<string, bigint>;
}

/** The models the records are of, the default one first. */
export function modelsOf(records: readonly AttributedOrder[]): AttributionModel[] {
  const models = new Set(records.map(({ model }) => model));
  return [...models].toSorted((a, b) => Number(b === 'last_touch') - Number(a === 'last_touch'));
}

/**
 * The orders of some records, newest change first. `isCut` tells that there are more records: the last order may then lack
 * some, and is left out.
 */
export function orderLines(
  records: readonly AttributedOrder[],
  model: AttributionModel,
  isCut: boolean,
): OrderLine[] {
  const byOrder = Map.groupBy(records, ({ orderId }) => orderId);
  const orders = [...byOrder.values()];
  const whole = isCut && orders.length > 1 ? orders.slice(0, -1) : orders;
  return whole.flatMap((ofOrder) => {
    const inForce = ofOrder.filter((record) => record.model === model && !hasLostCredit(record));
    const [first, ...others] = inForce.toSorted((a, b) => a.rank - b.rank);
    return first === undefined ? [] : [{ first, sharers: others.length }];
  });
}

export function totalsOf(lines: readonly OrderLine[]): OrderTotals {
  const creditMicros = new Map<string, bigint>();
  for (const { first } of lines) {
    creditMicros.set(first.currency, (creditMicros.get(first.currency) ?? 0n) + orderCredit(first));
  }
  const attributed = lines.filter(({ first }) => first.outcome === 'attributed').length;
  return { orders: lines.length, attributed, creditMicros };
}

/** The credits of an order sum to its amount, whether all of them are in the list or not. */
function orderCredit({ outcome, orderStatus, amountMicros }: AttributedOrder): bigint {
  return outcome === 'attributed' && orderStatus !== 'cancelled' ? BigInt(amountMicros) : 0n;
}

/** Rank 0 is always in force; further down nobody has credit, or the touch has lost it. */
function hasLostCredit({ rank, outcome, creditMicros }: AttributedOrder): boolean {
  return rank > 0 && outcome === 'attributed' && creditMicros === 0;
}
