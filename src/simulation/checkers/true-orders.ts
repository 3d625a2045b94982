import type { Region } from '../../embedded/ports.ts';
import type { AttributedOrder } from '../../model/attributed-order.ts';
import type { TrueRecord } from '../orders/order-truth.ts';
import type { OrderTruth } from '../orders/order-truth.ts';
import { expectEqual, expectThat, type Checker } from './checker.ts';

/** Every order is attributed as the oracle attributes it, every micro of it, and says what the order service said. */
export function trueOrders(): Checker {
  return {
    name: 'orders are attributed exactly as the log says',
    observed: expectSharedOut,
    died: expectSharedOut,
    atRest: ({ region, truth: { orders } }) => {
      const records = orders.records();
      const given = attributedOrdersOf(region);
      expectRecords(given, records, orders);
      expectSharedOut(region);
      const { received, verdicts, held, pending } = region.status().orders;
      const expected = orders.verdicts();
      for (const [verdict, count] of Object.entries(verdicts)) {
        expectEqual(`orders ${verdict}`, count, expected.get(verdict as keyof typeof verdicts) ?? 0);
      }
      expectEqual('orders received', received, sumOf([...expected.values()]));
      expectEqual('orders held', held, orders.orders().size);
      const waiting = region.pendingOrders(Number.MAX_SAFE_INTEGER, new Set());
      expectEqual(
        'orders that wait',
        waiting.map(({ orderId }) => orderId).toSorted(),
        orders.pending().toSorted(),
      );
      expectEqual('number of orders that wait', pending, waiting.length);
    },
  };
}

/** All records of orders, through the change feed from its beginning. */
export function attributedOrdersOf(region: Region): readonly AttributedOrder[] {
  return region.changedOrders(undefined, Number.MAX_SAFE_INTEGER).records;
}

function expectRecords(
  given: readonly AttributedOrder[],
  expected: ReadonlyMap<string, TrueRecord>,
  truth: OrderTruth,
): void {
  const left = new Map(expected);
  for (const { revision, ...record } of given) {
    const where = `record of ${record.orderId}, ${record.model} ${record.rank}`;
    expectThat(revision >= 1, () => `${where} has revision ${revision}`);
    const wanted = left.get(record.recordId);
    if (left.delete(record.recordId)) expectEqual(where, record, wanted);
    else expectWithdrawn(where, record, truth);
  }
  expectEqual('records that are missing', [...left.values()], []);
}

/** A touch that lost its credit leaves a record behind, of the order as it is now. */
function expectWithdrawn(where: string, record: Omit<AttributedOrder, 'revision'>, truth: OrderTruth): void {
  const order = truth.orders().get(record.orderId);
  expectThat(order !== undefined, () => `${where}: there is no such order`);
  expectThat(record.rank > 0, () => `${where} is not known to the log`);
  expectEqual(`credit of ${where}, which no touch has any more`, record.creditMicros, 0);
  for (const [field, value] of Object.entries(order!)) {
    expectEqual(`${field} of ${where}`, record[field as keyof typeof record], value);
  }
}

/** The credits of an order and model sum to its amount, or to nothing. */
function expectSharedOut(region: Region): void {
  const sums = new Map<string, { sum: bigint; due: number }>();
  for (const record of attributedOrdersOf(region)) {
    const { orderId, model, orderStatus, amountMicros, creditMicros } = record;
    const key = JSON.stringify([orderId, model]);
    const before = sums.get(key) ?? { sum: 0n, due: 0 };
    const isDue = record.rank === 0 && record.outcome === 'attributed' && orderStatus !== 'cancelled';
    sums.set(key, { sum: before.sum + BigInt(creditMicros), due: isDue ? amountMicros : before.due });
  }
  for (const [key, { sum, due }] of sums) expectEqual(`sum of the credits of ${key}`, sum, BigInt(due));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
