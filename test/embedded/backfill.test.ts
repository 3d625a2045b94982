import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/base/units.ts';
import { eventOf, NOW, RegionPair } from './peer/region-pair.ts';

let pair: RegionPair;

beforeEach(async () => {
  pair = await RegionPair.open();
});
afterEach(() => pair.close());

const lines = (...events: object[]): Buffer =>
  Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'));
const old = (id: string, over: object = {}): object => eventOf(id, { eventTime: NOW - 2 * DAY_MS, ...over });

test('old events count, once, by the age that is given', async () => {
  const events = lines(
    old('x'),
    old('y', { costMicros: 7 }),
    old('x'),
    old('z', { eventTime: NOW - 3 * DAY_MS }),
  );
  const first = await pair.a.backfill(events, 2 * DAY_MS + HOUR_MS);
  expect(first.verdicts).toMatchObject({ counted: 2, duplicate: 1, late: 1 });
  const again = await pair.a.backfill(events, 2 * DAY_MS + HOUR_MS);
  expect(again.verdicts).toMatchObject({ counted: 0, duplicate: 3, late: 1 });
  expect(pair.minutes('a')).toMatchObject([{ impressions: 2, costMicros: 1507 }]);
  expect(pair.a.audit().balanced).toBe(true);
});

test('what was counted in its own time and is not remembered by its id any more is a duplicate', async () => {
  await pair.send('a', eventOf('x'));
  await pair.send('b', eventOf('y', { userId: 'u-2' }));
  await pair.heal();
  pair.now = NOW + 2 * DAY_MS + 2 * HOUR_MS;
  await pair.send('a', eventOf('now', { eventTime: pair.now }));
  await pair.send('b', eventOf('now too', { eventTime: pair.now }));
  await pair.heal();
  await pair.heal();
  await pair.send('a', eventOf('and now', { eventTime: pair.now }));
  expect(pair.a.status().rememberedIds).toBe(3);
  const events = lines(eventOf('x'), eventOf('y', { userId: 'u-2' }), eventOf('forgotten'));
  const preview = pair.a.previewBackfill(events, 3 * DAY_MS - HOUR_MS);
  const { verdicts } = await pair.a.backfill(events, 3 * DAY_MS - HOUR_MS);
  expect(verdicts).toMatchObject({ counted: 1, duplicate: 2 });
  expect(preview.verdicts).toEqual(verdicts);
});

test('a preview says what would change by ad and day, and changes nothing', async () => {
  await pair.a.backfill(lines(old('known')), 3 * DAY_MS - HOUR_MS);
  const before = pair.a.audit();
  const events = lines(
    old('known'),
    old('1'),
    old('2', { eventType: 'click', costMicros: 9 }),
    old('2', { eventType: 'click', costMicros: 9 }),
    old('3', { adId: 'ad-2', currency: 'USD' }),
    { not: 'an event' },
  );
  const preview = pair.a.previewBackfill(events, 3 * DAY_MS - HOUR_MS);
  expect(preview).toMatchObject({ received: 6, verdicts: { counted: 3, duplicate: 2, invalid: 1 } });
  expect(preview.notCounted).toEqual([0, 3, 5]);
  const day = Date.UTC(2026, 0, 29);
  const names = { campaignId: 'c-1', advertiserId: 'adv-1' };
  expect(preview.changes).toEqual([
    { day, adId: 'ad-1', ...names, currency: 'EUR', impressions: 1, clicks: 1, costMicros: 1509n },
    { day, adId: 'ad-2', ...names, currency: 'USD', impressions: 1, clicks: 0, costMicros: 1500n },
  ]);
  expect(pair.a.audit()).toEqual(before);
  expect((await pair.a.backfill(events, 3 * DAY_MS - HOUR_MS)).verdicts).toEqual(preview.verdicts);
});

test('what is filled in reaches the other region, and counts once there, too', async () => {
  await pair.a.backfill(lines(old('x')), 3 * DAY_MS - HOUR_MS);
  await pair.hear('b');
  expect((await pair.b.backfill(lines(old('x')), 3 * DAY_MS - HOUR_MS)).verdicts.duplicate).toBe(1);
  expect(pair.b.touches('u-1', 0, NOW)).toHaveLength(1);
});

test('an age that nobody could tell duplicates for is refused', async () => {
  await expect(pair.a.backfill(lines(old('x')), 30 * DAY_MS)).rejects.toThrow('at most 3d');
  expect(() => pair.a.previewBackfill(lines(old('x')), 0)).toThrow('cannot be filled in');
});

test('filled in events survive a restart as they were', async () => {
  await pair.a.backfill(lines(old('x'), old('y')), 3 * DAY_MS - HOUR_MS);
  const before = pair.minutes('a');
  await pair.reopen('a');
  expect(pair.minutes('a')).toEqual(before);
  expect((await pair.a.backfill(lines(old('x')), 3 * DAY_MS - HOUR_MS)).verdicts.duplicate).toBe(1);
});
