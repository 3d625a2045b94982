import { describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import { campaignOf, type Campaign, type CampaignInput } from '../../src/budget/campaign.ts';
import { CampaignDays } from '../../src/budget/campaign-day.ts';
import { paceOf, type MinuteSpend, type Pacing } from '../../src/budget/pacing.ts';

const INPUT: CampaignInput = {
  advertiserId: 'acme',
  currency: 'EUR',
  dailyBudgetMicros: 2400,
  timezone: 'Europe/Paris',
  start: '2026-01-01T00:00:00+01:00',
};

const campaign = (over: Partial<CampaignInput> = {}): Campaign =>
  campaignOf('spring', { ...INPUT, ...over }, { updatedAt: 0, updatedBy: 'a' });
const at = (text: string): number => Date.parse(text);
const days = new CampaignDays();

function pace(text: string, spend: Record<string, number>, over: Partial<CampaignInput> = {}): Pacing {
  const now = at(text);
  const rows: MinuteSpend[] = Object.entries(spend).map(([minute, micros]) => ({
    minute: at(minute),
    micros: BigInt(micros),
  }));
  const it = campaign(over);
  return paceOf(it, days.dayOf(now, it.timezone), rows, now);
}

describe('a day', () => {
  test.for([
    ['2026-03-29T12:00:00+02:00', '2026-03-29', 23],
    ['2026-10-25T12:00:00+01:00', '2026-10-25', 25],
    ['2026-10-25T00:00:00+02:00', '2026-10-25', 25],
    ['2026-10-25T23:59:59.999+01:00', '2026-10-25', 25],
    ['2026-06-01T23:59:59.999+02:00', '2026-06-01', 24],
  ] as const)('of Paris at %s is %s and has %i hours', ([time, date, hours]) => {
    const day = days.dayOf(at(time), 'Europe/Paris');
    expect(day.date).toBe(date);
    expect(day.end - day.start).toBe(hours * HOUR_MS);
    expect(day.start <= at(time) && at(time) < day.end).toBe(true);
    expect(days.dayOf(day.end, 'Europe/Paris').start).toBe(day.end);
  });
});

describe('pacing', () => {
  test('is on the line when spend keeps step with the day', () => {
    const { pacingIndex, spentMicros } = pace('2026-02-01T06:00:00+01:00', {
      '2026-02-01T03:00:00+01:00': 600,
    });
    expect(pacingIndex).toBeCloseTo(1, 12);
    expect(spentMicros).toBe(600n);
  });

  test('counts the hours that a day really has', () => {
    const spend = { '2026-03-29T01:00:00+01:00': 1200 };
    // 11.5 of 23 hours have passed at 12:30 summer time.
    expect(pace('2026-03-29T12:30:00+02:00', spend).pacingIndex).toBeCloseTo(1, 12);
  });

  test('counts the part of the day within start and end', () => {
    const run = { start: '2026-02-01T12:00:00+01:00', end: '2026-02-01T18:00:00+01:00' };
    const spend = { '2026-02-01T14:00:00+01:00': 1200 };
    expect(pace('2026-02-01T15:00:00+01:00', spend, run).pacingIndex).toBeCloseTo(1, 12);
    expect(pace('2026-02-01T12:00:00+01:00', {}, run).pacingIndex).toBeNull();
    expect(pace('2026-02-01T11:00:00+01:00', {}, run)).toMatchObject({
      pacingIndex: null,
      state: 'scheduled',
    });
    expect(pace('2026-02-01T20:00:00+01:00', spend, run)).toMatchObject({
      state: 'ended',
      forecastMicros: 1200n,
    });
  });

  test('forecasts the rest of the day at the rate of the last hour', () => {
    const spend = { '2026-02-01T02:00:00+01:00': 500, '2026-02-01T11:30:00+01:00': 100 };
    expect(pace('2026-02-01T12:00:00+01:00', spend).forecastMicros).toBe(600n + 100n * 12n);
    expect(pace('2026-02-01T12:00:00+01:00', spend, { isPaused: true }).forecastMicros).toBe(600n);
    // Half an hour into the day there is only half an hour to judge by.
    const early = { '2026-02-01T00:10:00+01:00': 10 };
    expect(pace('2026-02-01T00:30:00+01:00', early).forecastMicros).toBe(10n + 10n * 47n);
  });

  test.for([
    ['active', { '2026-02-01T03:00:00+01:00': 2399 }, {}],
    ['exhausted', { '2026-02-01T03:00:00+01:00': 2400 }, {}],
    ['paused', { '2026-02-01T03:00:00+01:00': 2400 }, { isPaused: true }],
    ['scheduled', {}, { start: '2026-02-01T06:00:00.001+01:00', isPaused: true }],
    ['ended', {}, { end: '2026-02-01T06:00:00+01:00' }],
  ] as const)('state %s', ([state, spend, over]) => {
    expect(pace('2026-02-01T06:00:00+01:00', spend, over).state).toBe(state);
  });
});

test.for([
  [{ dailyBudgetMicros: 0 }, 'dailyBudgetMicros is 0'],
  [{ dailyBudgetMicros: 1.5 }, 'dailyBudgetMicros is 1.5'],
  [{ dailyBudgetMicros: 2 ** 53 }, 'dailyBudgetMicros is'],
  [{ currency: 'eur' }, 'currency is "eur"'],
  [{ timezone: 'Mars/Olympus' }, 'timezone "Mars/Olympus" is not an IANA time zone'],
  [{ start: 'soon' }, 'start is "soon"'],
  [{ end: '2025-12-31T00:00:00Z' }, 'which is not after start'],
  [{ merchantId: '' }, 'merchantId is 0 characters long'],
  [{ placement: 'x'.repeat(129) }, 'placement is 129 characters long'],
  [{ advertiserId: '' }, 'advertiserId is 0 characters long'],
] as const)('a campaign with %o is refused', ([over, message]) => {
  expect(() => campaign(over)).toThrow(expect.objectContaining({ code: 'bad_campaign' }));
  expect(() => campaign(over)).toThrow(message);
});

test('a minute of spend is worth no more than a minute of forecast', () => {
  const now = '2026-02-01T00:00:01+01:00';
  const { forecastMicros } = pace(now, { '2026-02-01T00:00:00+01:00': 1 });
  expect(forecastMicros).toBeLessThanOrEqual(BigInt((24 * HOUR_MS) / MINUTE_MS) + 1n);
});
