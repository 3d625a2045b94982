import { expect, test } from 'vitest';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { queryPerformance } from '../../src/reporting/performance.ts';
import { NOON, Stage, click, impression } from './stage.ts';

/** An espresso to take away, for 2.50 EUR; `fields` say what is different. */
const order = (fields: object = {}): object => ({
  orderId: 'o-1',
  orderTime: '2026-01-31T12:05:00Z',
  userId: 'ada',
  merchantId: 'corner-cafe',
  amountMicros: 2_500_000,
  currency: 'EUR',
  ...fields,
});

/** Touches count for the orders of their own merchant. */
const AT_CAFE = { merchantId: 'corner-cafe' };

/**
 * Chapter 7. Five minutes after she tapped on the ad, Ada orders an espresso. Was it the ad? Orders go through the same log as
 * events, so the region knows which came first, and the answer
 * comes with the order decided.
 */
test('an order is credited to the click that led to it', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1', AT_CAFE), click('e-2', AT_CAFE));
  stage.clock.now = NOON + 5 * 60_000;

  const receipt = await stage.sendOrders(order(), order({ orderId: 'o-2', userId: 'bob' }), order());

  expect(receipt.verdicts).toMatchObject({ accepted: 2, duplicate: 1 });
  // One record per order and model. Bob saw no ad, and the record says so.
  expect(stage.orders()).toMatchObject([
    { orderId: 'o-1', outcome: 'attributed', touchEventId: 'e-2', adId: 'espresso', creditMicros: 2_500_000 },
    { orderId: 'o-2', outcome: 'unattributed', reason: 'no_touch', adId: null, creditMicros: 0 },
  ]);
});

/** Nobody has to believe it: of each touch that was looked at, the region tells why it won or lost. */
test('every touch has its reason', async () => {
  await using stage = await Stage.open();
  await stage.send(
    click('e-1', AT_CAFE),
    impression('e-2', { ...AT_CAFE, eventTime: '2026-01-31T12:04:00Z' }),
    click('e-3', { merchantId: 'other-cafe', eventTime: '2026-01-31T12:04:30Z' }),
    click('e-4', { ...AT_CAFE, eventTime: '2026-01-31T12:06:00Z' }),
  );
  await stage.sendOrders(order());

  expect(stage.region.order('o-1')!.touches).toMatchObject([
    { touch: { eventId: 'e-4' }, reason: 'after_order', message: 'This click came after the order.' },
    { touch: { eventId: 'e-3' }, reason: 'other_merchant' },
    { touch: { eventId: 'e-2' }, reason: 'beaten_by_click' },
    { touch: { eventId: 'e-1' }, reason: null, credits: [{ model: 'last_touch', creditMicros: 2_500_000 }] },
  ]);
});

/**
 * The phone was in its tunnel again: a later click than the one that won comes after the order is long decided. The order is
 * decided anew, as if the click had been in time. The record has a higher revision, and the feed sends it once more.
 */
test('a touch that comes late still wins', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1', AT_CAFE));
  await stage.sendOrders(order());
  const { cursor } = stage.region.changedOrders(undefined, 10);

  stage.clock.now = NOON + 60 * 60_000;
  await stage.send(click('e-2', { ...AT_CAFE, adId: 'cappuccino', eventTime: '2026-01-31T12:04:59Z' }));

  expect(stage.region.changedOrders(cursor, 10).records).toMatchObject([
    { orderId: 'o-1', revision: 2, adId: 'cappuccino', touchEventId: 'e-2', creditMicros: 2_500_000 },
  ]);
});

/** Ada changes her mind. A cancellation is the order with a higher version: its record stays, and is worth nothing. */
test('a cancelled order gives its credit back', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1', AT_CAFE));
  await stage.sendOrders(order());

  await stage.sendOrders(order({ orderVersion: 2, orderStatus: 'cancelled' }));
  // The first version is sent again by someone who does not know yet. It is stale, and changes nothing.
  expect((await stage.sendOrders(order())).verdicts).toMatchObject({ stale: 1 });

  expect(stage.orders()).toMatchObject([
    { orderVersion: 2, orderStatus: 'cancelled', revision: 2, touchEventId: 'e-1', creditMicros: 0 },
  ]);
});

/** At the end of the day the owner of the café asks what her ad has brought for what it cost. */
test('an ad is held against its orders', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1', AT_CAFE), click('e-2', { ...AT_CAFE, userId: 'bob' }));
  await stage.sendOrders(order());

  const query = { from: NOON, to: NOON + 86_400_000, groupBy: 'campaign', model: 'last_touch' } as const;
  const { rows } = await queryPerformance(stage.region, { ...query, limit: 10 }, nodeClock);

  expect(rows).toMatchObject([
    {
      id: 'spring',
      clicks: 2,
      costMicros: 500_000n,
      orders: 1,
      revenueMicros: 2_500_000n,
      cvr: 0.5,
      roas: 5,
    },
  ]);
});

/** And after a crash, all of it is as it was. */
test('orders outlive the process', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1', AT_CAFE));
  await stage.sendOrders(order());
  const before = stage.orders();

  await stage.startFrom(await stage.pullThePlug());

  expect(stage.orders()).toEqual(before);
  expect((await stage.sendOrders(order())).verdicts).toMatchObject({ duplicate: 1 });
});
