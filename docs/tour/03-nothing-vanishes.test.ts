import { expect, test } from 'vitest';
import { NOON, Stage, click, impression } from './stage.ts';

/**
 * Chapter 3. Not every event can be counted, but every event gets a verdict, and one bad event never harms its neighbours.
 */
test('late, future, conflict, invalid: each is told apart', async () => {
  await using stage = await Stage.open();

  const receipt = await stage.send(
    click('e-1'),
    impression('e-2', { eventTime: '2026-01-30T11:59:59Z' }), // a day and a second old
    impression('e-3', { eventTime: '2026-01-31T12:10:01Z' }), // ten minutes and a second ahead
    click('e-1', { costMicros: 900_000 }), // the id of the first event, at another price
    click('e-4', { costMicros: -5 }),
    impression('e-5', { adId: undefined }),
  );

  expect(receipt.verdicts).toEqual({ counted: 1, duplicate: 0, conflict: 1, late: 1, future: 1, invalid: 2 });
  expect(receipt.problems).toMatchObject([
    { index: 1, eventId: 'e-2', verdict: 'late' },
    { index: 2, eventId: 'e-3', verdict: 'future' },
    { index: 3, eventId: 'e-1', verdict: 'conflict' },
    { index: 4, eventId: 'e-4', verdict: 'invalid', code: 'out_of_range' },
    { index: 5, eventId: 'e-5', verdict: 'invalid', code: 'missing_field', message: 'adId is missing.' },
  ]);
  // Of two events with one id the first stays counted, at its price.
  expect(stage.records()).toMatchObject([{ clicks: 1, costMicros: 250_000 }]);
});

/** What was not counted waits in quarantine, byte for byte, for someone to look at it, and to let it in after all. */
test('the quarantine keeps events, and can be replayed', async () => {
  await using stage = await Stage.open();
  const early = impression('e-1', { eventTime: '2026-01-31T12:30:00Z' });
  await stage.send(early);

  const { entries } = await stage.region.quarantine({ limit: 10 });
  expect(entries).toMatchObject([{ verdict: 'future', eventId: 'e-1', arrival: NOON }]);
  const raw = await stage.region.quarantineRaw(entries[0].id);
  expect(Buffer.from(raw).toString()).toBe(JSON.stringify(early));

  // The publisher's clock was half an hour ahead. At half past twelve its event is as good as any.
  stage.clock.now = NOON + 30 * 60_000;
  const receipt = await stage.region.replayQuarantine([entries[0].id]);

  expect(receipt.verdicts.counted).toBe(1);
  expect((await stage.region.quarantine({ limit: 10 })).held).toBe(0);
});

/** The books balance at any moment: what was received is the sum of the verdicts, and the records add up to what was counted. */
test('the audit holds all sums against each other', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'), impression('e-1'), click('e-2'), { nonsense: true });
  await stage.region.ingest(Buffer.from('not even JSON'), 'json');

  expect(stage.region.audit()).toMatchObject({
    balanced: true,
    received: 5,
    verdicts: { counted: 2, duplicate: 1, invalid: 2 },
    counted: { impressions: 1, clicks: 1, costMicros: 252_000n },
    cells: { impressions: 1, clicks: 1, costMicros: 252_000n },
    differences: [],
  });
});
