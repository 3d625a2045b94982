import { expect, test } from 'vitest';
import { Stage, click, impression } from './stage.ts';

/**
 * Chapter 2. Networks lose answers. A publisher that has none cannot know whether its events were counted, and has only one
 * honest way out: to send the same request again. That must never cost the café a second click.
 */
test('the same request again changes nothing', async () => {
  await using stage = await Stage.open();
  const request = [impression('e-1'), click('e-2')];
  await stage.send(...request);
  const before = stage.records();

  const again = await stage.send(...request);

  expect(again.verdicts).toMatchObject({ counted: 0, duplicate: 2 });
  expect(stage.records()).toEqual(before);
});

/** It is the event's id that counts, not the request: events may be regrouped, and part of them be new. */
test('a retry may carry old and new events', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'), impression('e-2'));

  const receipt = await stage.send(impression('e-2'), impression('e-3'), impression('e-3'));

  expect(receipt.verdicts).toMatchObject({ counted: 1, duplicate: 2 });
  expect(stage.records()).toMatchObject([{ impressions: 3 }]);
});

/** Requests at the same time are no different: one of them is first, and the answer says which. */
test('two copies at once are counted once', async () => {
  await using stage = await Stage.open();

  const receipts = await Promise.all([stage.send(click('e-1')), stage.send(click('e-1'))]);

  expect(receipts.map(({ verdicts }) => verdicts.counted)).toEqual([1, 0]);
  expect(stage.records()).toMatchObject([{ clicks: 1 }]);
});

/** Memory is by the hour of arrival, and survives what the process does not. */
test('a retry after a restart is still a retry', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1'));

  await stage.restart();

  expect((await stage.send(click('e-1'))).verdicts).toMatchObject({ counted: 0, duplicate: 1 });
});
