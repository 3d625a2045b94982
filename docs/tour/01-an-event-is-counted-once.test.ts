import { expect, test } from 'vitest';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import { NOON, Stage, click, impression } from './stage.ts';

/**
 * Chapter 1. A café advertises its espresso. Ada sees the ad, and taps on it.
 */
test('events go in, and one exact record per ad and minute comes out', async () => {
  await using stage = await Stage.open();

  const receipt = await stage.send(impression('e-1'), click('e-2'));

  // The answer comes once both events are on stable storage and counted: there is no "accepted, we shall see".
  expect(receipt).toEqual({
    received: 2,
    verdicts: { counted: 2, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 },
    problems: [],
  });

  // Both fell into the minute of noon. The record holds totals, and its revision says how often it has changed.
  expect(stage.records()).toEqual([
    {
      recordId: adMinuteRecordId('a', 'espresso', NOON, 'EUR'),
      revision: 2,
      region: 'a',
      adId: 'espresso',
      campaignId: 'spring',
      advertiserId: 'corner-cafe',
      minute: NOON,
      currency: 'EUR',
      impressions: 1,
      clicks: 1,
      costMicros: 252_000,
    },
  ]);
});

/**
 * The minute is that of the event, not of its arrival. A phone was in a tunnel and sends its event half an hour late: the
 * record of noon changes, and nobody has to wait for it.
 */
test('an event that comes late still lands in its own minute', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'));

  stage.clock.now = NOON + 30 * 60_000;
  await stage.send(impression('e-2', { eventTime: '2026-01-31T12:00:59.999Z' }));

  expect(stage.records()).toMatchObject([{ minute: NOON, impressions: 2, revision: 2 }]);
});
