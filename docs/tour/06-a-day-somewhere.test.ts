import { expect, test } from 'vitest';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { type AdMinuteQuery, type AdMinuteReport, queryAdMinutes } from '../../src/reporting/ad-minutes.ts';
import { NOON, Stage, click, impression } from './stage.ts';

const ask = ({ region }: Stage, query: AdMinuteQuery): Promise<AdMinuteReport> =>
  queryAdMinutes(region, query, nodeClock);

/**
 * Chapter 6. The café is in Paris, and its owner asks for yesterday. A day is what the clock on her wall says.
 */
test('figures by the day of a time zone', async () => {
  await using stage = await Stage.open();
  await stage.send(
    impression('e-1', { eventTime: '2026-01-30T22:59:00Z' }), // 23:59 in Paris, the 30th
    impression('e-2', { eventTime: '2026-01-30T23:00:00Z' }), // midnight
    click('e-3'),
  );

  const { rows, totals } = await ask(stage, {
    from: NOON - 24 * 3_600_000,
    to: NOON + 24 * 3_600_000,
    granularity: 'day',
    timezone: 'Europe/Paris',
  });

  expect(rows).toMatchObject([
    { start: '2026-01-30T00:00:00+01:00', impressions: 1, clicks: 0, ctr: 0 },
    { start: '2026-01-31T00:00:00+01:00', impressions: 1, clicks: 1, ctr: 1 },
  ]);
  expect(totals).toEqual({ impressions: 2, clicks: 1, costMicros: { EUR: 254_000 }, ctr: 0.5 });
});

/** In the night to the 29th of March, the clocks of Paris go from two to three: that Sunday has 23 hours, and 23 rows. */
test('a day on which the clock is changed has 23 hours', async () => {
  await using stage = await Stage.open();
  const midnight = Date.parse('2026-03-29T00:00:00+01:00');
  stage.clock.now = Date.parse('2026-03-30T00:00:00+02:00');
  const events = Array.from({ length: 23 * 60 }, (_, minute) =>
    impression(`e-${minute}`, { eventTime: midnight + minute * 60_000 }),
  );
  await stage.send(...events);

  const query = { from: midnight, to: stage.clock.now, timezone: 'Europe/Paris' };
  const hours = await ask(stage, { ...query, granularity: 'hour' });
  const days = await ask(stage, { ...query, granularity: 'day' });

  expect(hours.rows.map(({ start }) => start.slice(11, 16)).slice(0, 4)).toEqual([
    '00:00',
    '01:00',
    '03:00',
    '04:00',
  ]);
  expect(hours.rows).toHaveLength(23);
  expect(hours.rows.every(({ impressions }) => impressions === 60)).toBe(true);
  expect(days.rows).toMatchObject([{ start: '2026-03-29T00:00:00+01:00', impressions: 23 * 60 }]);
});

/** Money of two currencies is never added up, and never rounded: a sum that could not be exact is refused. */
test('currencies stay apart', async () => {
  await using stage = await Stage.open();
  await stage.send(click('e-1'), click('e-2', { currency: 'CHF', costMicros: 300_001 }));

  const { totals } = await ask(stage, {
    from: 0,
    to: 2 * NOON,
    granularity: '6h',
    timezone: 'UTC',
  });

  expect(totals.costMicros).toEqual({ CHF: 300_001, EUR: 250_000 });
});
