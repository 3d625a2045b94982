import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/base/units.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import {
  type AdMinuteQuery,
  type AdMinuteReport,
  type AdMinuteSource,
  queryAdMinutes,
} from '../../src/reporting/ad-minutes.ts';
import { ROWS_MAX } from '../../src/reporting/roll-up.ts';
import { GRANULARITIES } from '../../src/reporting/time-buckets.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

type Filter = 'adId' | 'campaignId' | 'advertiserId' | 'currency';

const matches = (record: AdMinute, key: Filter, want: string | undefined): boolean =>
  want === undefined || record[key] === want;

/** A clock by which everything is done at once. */
const AT_ONCE = { monotonicMs: () => 0, turn: () => Promise.resolve() };
const query = (source: AdMinuteSource, what: AdMinuteQuery): Promise<AdMinuteReport> =>
  queryAdMinutes(source, what, AT_ONCE);

/** A source that holds `records` and filters them the plain way. */
function holding(records: readonly AdMinute[], asOf = NOON): AdMinuteSource {
  return {
    asOf: () => asOf,
    adMinutes: ({ from, to, adId, campaignId, advertiserId, currency }) =>
      records
        .filter(
          (record) =>
            record.minute >= from &&
            record.minute < to &&
            matches(record, 'adId', adId) &&
            matches(record, 'campaignId', campaignId) &&
            matches(record, 'advertiserId', advertiserId) &&
            matches(record, 'currency', currency),
        )
        .toSorted((a, b) => a.minute - b.minute),
  };
}

function adMinute(parts: Partial<AdMinute> = {}): AdMinute {
  return {
    recordId: 'r',
    revision: 1,
    region: 'a',
    adId: 'ad',
    campaignId: 'campaign',
    advertiserId: 'advertiser',
    minute: NOON,
    currency: 'EUR',
    impressions: 1,
    clicks: 0,
    costMicros: 1000,
    ...parts,
  };
}

const ALL: AdMinuteQuery = { from: 0, to: Date.UTC(2100, 0), granularity: 'day', timezone: 'UTC' };

test('sums the minutes of a bucket, one row an ad', async () => {
  const source = holding([
    adMinute({ impressions: 3, clicks: 1, costMicros: 500 }),
    adMinute({ minute: NOON + MINUTE_MS, impressions: 1, clicks: 1, costMicros: 7 }),
    adMinute({ adId: 'other', impressions: 0, clicks: 2, costMicros: 0 }),
  ]);
  expect(await query(source, { ...ALL, timezone: 'Europe/Paris' })).toEqual({
    rows: [
      {
        start: '2026-01-31T00:00:00+01:00',
        adId: 'ad',
        campaignId: 'campaign',
        advertiserId: 'advertiser',
        currency: 'EUR',
        impressions: 4,
        clicks: 2,
        costMicros: 507,
        ctr: 0.5,
      },
      expect.objectContaining({ adId: 'other', clicks: 2, ctr: null }),
    ],
    totals: { impressions: 4, clicks: 4, costMicros: { EUR: 507 }, ctr: 1 },
    asOf: '2026-01-31T12:00:00.000Z',
  });
});

test('keeps currencies apart, in rows and totals', async () => {
  const report = await query(holding([adMinute({ currency: 'USD' }), adMinute()]), ALL);
  expect(report.rows.map((row) => [row.currency, row.costMicros])).toEqual([
    ['EUR', 1000],
    ['USD', 1000],
  ]);
  expect(report.totals).toEqual({ impressions: 2, clicks: 0, costMicros: { EUR: 1000, USD: 1000 }, ctr: 0 });
});

test('a bucket cut by from or to holds only the minutes between them, and keeps its own start', async () => {
  const minutes = [-2, -1, 0, 1, 2].map((step) => adMinute({ minute: NOON + step * MINUTE_MS }));
  const report = await query(holding(minutes), {
    ...ALL,
    from: NOON - MINUTE_MS,
    to: NOON + 2 * MINUTE_MS,
    granularity: 'hour',
  });
  expect(report.rows.map((row) => [row.start, row.impressions])).toEqual([
    ['2026-01-31T11:00:00+00:00', 1],
    ['2026-01-31T12:00:00+00:00', 2],
  ]);
});

test('no record gives no row and no click rate, and before the first event there is no asOf', async () => {
  expect(await query(holding([], 0), ALL)).toEqual({
    rows: [],
    totals: { impressions: 0, clicks: 0, costMicros: {}, ctr: null },
    asOf: null,
  });
});

test('a long query lets others have their turn, and shows later records as they are then', async () => {
  const records = Array.from({ length: 2000 }, (_, n) => adMinute({ minute: n * MINUTE_MS }));
  let elapsedMs = 0;
  let turns = 0;
  const busy = {
    monotonicMs: () => (elapsedMs += 5),
    turn: () => {
      turns++;
      records[1999] = adMinute({ minute: 1999 * MINUTE_MS, clicks: 7 });
      return Promise.resolve();
    },
  };
  const source: AdMinuteSource = { asOf: () => NOON, adMinutes: () => records.values() };
  const report = await queryAdMinutes(source, ALL, busy);
  expect(turns).toBeGreaterThan(0);
  expect(report.totals).toMatchObject({ impressions: 2000, clicks: 7 });
});

describe('refuses', () => {
  test('a sum of money that would pass 2^53 − 1, in a row or in the totals', async () => {
    const most = { costMicros: Number.MAX_SAFE_INTEGER };
    const failure = expect.objectContaining({ code: 'sum_out_of_range' });
    const inOneRow = [adMinute(most), adMinute({ minute: NOON + MINUTE_MS, costMicros: 1 })];
    await expect(query(holding(inOneRow), ALL)).rejects.toThrow(failure);
    const inTotals = [adMinute(most), adMinute({ adId: 'other', costMicros: 1 })];
    await expect(query(holding(inTotals), ALL)).rejects.toThrow(failure);
    const apart = [adMinute(most), adMinute({ ...most, currency: 'USD' })];
    expect((await query(holding(apart), ALL)).totals.costMicros).toEqual({
      EUR: most.costMicros,
      USD: most.costMicros,
    });
  });

  test('an answer of too many rows, and says what to narrow', async () => {
    const minutes = Array.from({ length: ROWS_MAX + 1 }, (_, n) => adMinute({ minute: n * MINUTE_MS }));
    const byMinute: AdMinuteQuery = { ...ALL, granularity: 'minute' };
    await expect(query(holding(minutes), byMinute)).rejects.toThrow(
      expect.objectContaining({
        code: 'bad_request',
        message: expect.stringContaining('coarser granularity'),
      }),
    );
    expect((await query(holding(minutes.slice(1)), byMinute)).rows).toHaveLength(ROWS_MAX);
  });

  test('a range without time in it', async () => {
    await expect(query(holding([]), { ...ALL, from: NOON, to: NOON })).rejects.toThrow(
      expect.objectContaining({ code: 'bad_request', message: expect.stringContaining('from') }),
    );
  });
});

/** The name a calendar gives the bucket; without a change of offset nearby it identifies the bucket. */
function calendarName(minute: number, granularity: AdMinuteQuery['granularity'], timezone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(minute).toZonedDateTimeISO(timezone);
  const hour = granularity === '6h' ? Math.floor(local.hour / 6) * 6 : local.hour;
  const date = local.toPlainDate().toString();
  if (granularity === 'day') return date;
  const time = granularity === 'minute' ? `${local.hour}:${local.minute}` : `${hour}:0`;
  return `${date} ${time}`;
}

describe('against a recount in calendar terms', () => {
  const ZONES = [
    'Europe/Paris',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'UTC',
  ];
  const RANGE_START = Date.UTC(2011, 11, 28);
  const RANGE_MINUTES = 5 * 24 * 60;
  const names = fc.constantFrom('x', 'y', 'z');
  const records = fc.array(
    fc.record({
      minute: fc.nat({ max: RANGE_MINUTES }).map((step) => RANGE_START + step * MINUTE_MS),
      adId: names,
      campaignId: names,
      currency: fc.constantFrom('EUR', 'USD'),
      impressions: fc.nat({ max: 3 }),
      clicks: fc.nat({ max: 3 }),
      costMicros: fc.nat(),
    }),
  );

  test('every row is the sum of its records, and every record is in one row', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.constantFrom(...ZONES),
        fc.constantFrom(...GRANULARITIES),
        fc.option(names, { nil: undefined }),
        fc.tuple(fc.nat({ max: RANGE_MINUTES }), fc.integer({ min: 1, max: RANGE_MINUTES })),
        async (parts, timezone, granularity, adId, [first, length]) => {
          const from = RANGE_START + first * MINUTE_MS + 1;
          const to = from + length * MINUTE_MS;
          const all = parts.map((part) => adMinute(part));
          const report = await query(holding(all), { from, to, granularity, timezone, adId });

          const expected = new Map<string, number[]>();
          for (const record of all) {
            if (record.minute < from || record.minute >= to) continue;
            if (adId !== undefined && record.adId !== adId) continue;
            const key = [calendarName(record.minute, granularity, timezone), record.adId, record.campaignId];
            const name = [...key, record.currency].join(' ');
            const [impressions, clicks, cost] = expected.get(name) ?? [0, 0, 0];
            expected.set(name, [
              impressions + record.impressions,
              clicks + record.clicks,
              cost + record.costMicros,
            ]);
          }
          const actual = report.rows.map((row) => {
            const name = calendarName(Date.parse(row.start), granularity, timezone);
            const key = [name, row.adId, row.campaignId, row.currency].join(' ');
            return [key, [row.impressions, row.clicks, row.costMicros]] as const;
          });
          expect(new Map(actual)).toEqual(expected);
          expect(actual).toHaveLength(expected.size);
          const starts = report.rows.map((row) => Date.parse(row.start));
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});
