import { expect, test } from 'vitest';
import { ORDER_FIELDS, type Order } from '../../src/model/order.ts';
import { orderContentKey } from '../../src/model/order-verdict.ts';

const ORDER: Order = {
  orderId: 'o',
  orderVersion: 1,
  orderStatus: 'placed',
  orderTime: 1,
  userId: 'u',
  merchantId: 'm',
  amountMicros: 1,
  currency: 'EUR',
};
const OTHER: Order = {
  orderId: 'o2',
  orderVersion: 2,
  orderStatus: 'cancelled',
  orderTime: 2,
  userId: 'u2',
  merchantId: 'm2',
  amountMicros: 2,
  currency: 'USD',
};

test('the content of an order is every field that is read, but its id', () => {
  const isContent = ORDER_FIELDS.filter(
    (field) => orderContentKey({ ...ORDER, [field]: OTHER[field] }) !== orderContentKey(ORDER),
  );
  expect(isContent).toEqual(ORDER_FIELDS.filter((field) => field !== 'orderId'));
  expect(orderContentKey({ ...ORDER, userId: 'u","m' })).not.toBe(
    orderContentKey({ ...ORDER, userId: 'u', merchantId: 'm","m' }),
  );
});
