import { expect, test } from 'vitest';
import { NOON, Stage, click, impression } from './stage.ts';

/** One of two regions of a pipeline: `a`, the first one of the spec, or `b`, the second. */
const open = (name: string, clock: { now: number }): Promise<Stage> => Stage.open(name, ['a', 'b'], clock);

/** Each takes in what the other has counted, and then what came of that. */
async function hearEachOther(a: Stage, b: Stage): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await b.hear(a);
    await a.hear(b);
  }
}

const counts = (stage: Stage): object[] =>
  stage.records().map(({ impressions, clicks, costMicros }) => ({ impressions, clicks, costMicros }));

/**
 * Chapter 8. The café sends its events to region a. One request gets no answer: the line is down, and whether a has counted it
 * nobody knows. So the sender goes to region b, with the same bytes. Both regions have counted the same two events now, and
 * neither knows of the other one. When they hear each other, the events are of the first region, and the second one takes them
 * out of its record.
 */
test('an event that came to both regions counts once', async () => {
  const clock = { now: NOON };
  await using a = await open('a', clock);
  await using b = await open('b', clock);
  const request = [impression('e-1'), click('e-2')];
  await a.send(...request);
  const { verdicts } = await b.send(...request, impression('e-3'));
  expect(verdicts).toMatchObject({ counted: 3 });

  await hearEachOther(a, b);

  expect(counts(a)).toEqual([{ impressions: 1, clicks: 1, costMicros: 252_000 }]);
  expect(counts(b)).toEqual([{ impressions: 1, clicks: 0, costMicros: 2000 }]);
  // Whoever follows b's records gets the new totals under a higher revision, and has the right ones.
  expect(b.records()).toMatchObject([{ region: 'b', revision: 5 }]);
  expect(b.region.audit()).toMatchObject({ balanced: true, counted: { clicks: 1 }, yielded: { clicks: 1 } });
  // The events come a third time. Now b has heard of them.
  expect((await b.send(...request)).verdicts).toMatchObject({ duplicate: 2 });
});

/** Ada tapped on the ad while region a was there, and her order came to b. The touch is known in both. */
test('an order here finds the click there', async () => {
  const clock = { now: NOON };
  await using a = await open('a', clock);
  await using b = await open('b', clock);
  await a.send(click('e-1', { merchantId: 'corner-cafe' }));
  await b.hear(a);
  clock.now = NOON + 5 * 60_000;

  const order = {
    orderId: 'o-1',
    orderTime: '2026-01-31T12:05:00Z',
    userId: 'ada',
    merchantId: 'corner-cafe',
    amountMicros: 2_500_000,
    currency: 'EUR',
  };
  await b.sendOrders(order);

  expect(b.orders()).toMatchObject([
    { orderId: 'o-1', region: 'b', touchEventId: 'e-1', touchRegion: 'a', creditMicros: 2_500_000 },
  ]);
  // Weeks later the refund goes to region a. It changes the order where it was placed, and a has no record of it.
  await a.hear(b);
  await a.sendOrders({ ...order, orderVersion: 2, orderStatus: 'refunded', amountMicros: 1_000_000 });
  await hearEachOther(a, b);
  expect(a.orders()).toEqual([]);
  expect(b.orders()).toMatchObject([{ orderVersion: 2, revision: 2, creditMicros: 1_000_000 }]);
});

/** The line is down for a day, and each region counts on by itself. Then both hold what they would hold had it been up. */
test('what a partition keeps apart comes together after it', async () => {
  const clock = { now: NOON };
  await using a = await open('a', clock);
  await using b = await open('b', clock);
  await a.send(impression('e-1'), impression('e-2'));
  await b.send(impression('e-2'), impression('e-3'));
  clock.now = NOON + 24 * 3_600_000;
  await b.startFrom(await b.pullThePlug());

  await hearEachOther(a, b);

  expect([...counts(a), ...counts(b)]).toEqual([
    { impressions: 2, clicks: 0, costMicros: 4000 },
    { impressions: 1, clicks: 0, costMicros: 2000 },
  ]);
});
