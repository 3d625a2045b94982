import { describe, expect, test } from 'vitest';
import { BucketRuns } from '../../src/reporting/bucket-runs.ts';
import { figuresCsv } from '../../src/reporting/figures-csv.ts';
import { figuresReport, type FiguresReport } from '../../src/reporting/figures-report.ts';
import type { FiguresAnswer, FiguresQuery, FigureSums } from '../../src/reporting/figures.ts';
import type { FeedLoadStatus } from '../../src/union-load/feed-loader.ts';

const FROM = Date.parse('2026-03-28T00:00:00+01:00');
const TO = Date.parse('2026-03-31T00:00:00+02:00');
const SUNDAY = Date.parse('2026-03-29T00:00:00+01:00');
const MONDAY = Date.parse('2026-03-30T00:00:00+02:00');

const QUERY: FiguresQuery = {
  by: 'campaign',
  granularity: 'day',
  timezone: 'Europe/Paris',
  from: FROM,
  to: TO,
  filter: {},
  model: 'last_touch',
  comparesPrevious: false,
  order: 'start',
  limit: 10,
};

const SUMS: FigureSums = {
  impressions: 4n,
  clicks: 2n,
  costMicros: 2n ** 60n + 1n,
  orders: 1n,
  revenueMicros: 2n ** 61n,
};
const NOTHING: FigureSums = { impressions: 0n, clicks: 0n, costMicros: 0n, orders: 0n, revenueMicros: 0n };

function feed(region: string, lagMs: number | null): FeedLoadStatus {
  return {
    region,
    kind: 'ad-minutes',
    sink: 'reporting',
    caughtUp: lagMs === 0,
    lagMs,
    records: 1,
    pages: 1,
    asOf: 1,
    error: null,
    failures: 0,
    restarts: 0,
  };
}

function report(over: Partial<FiguresAnswer> = {}, query: Partial<FiguresQuery> = {}): FiguresReport {
  const asked = { ...QUERY, ...query };
  const row = { id: 'spring', currency: 'EUR', start: SUNDAY, sums: SUMS, previous: undefined };
  const answer = {
    rows: [row],
    found: 1,
    regions: [{ region: 'a', asOf: TO, finalBefore: MONDAY }],
    ...over,
  };
  return figuresReport(asked, new BucketRuns(asked), answer, [feed('a', 0)]);
}

/** A report of two regions, of which the second one lags. */
function ofTwo(regions: FiguresAnswer['regions'], lagMs: number | null): FiguresReport {
  const row = { id: 'x', currency: 'EUR', start: SUNDAY, sums: SUMS, previous: undefined };
  const feeds = [feed('a', 0), feed('b', lagMs)];
  return figuresReport(QUERY, new BucketRuns(QUERY), { rows: [row], found: 1, regions }, feeds);
}

describe('a report', () => {
  test('has ratios beside exact sums', () => {
    expect(report().rows[0]).toMatchObject({
      start: '2026-03-29T00:00:00+01:00',
      ctr: 0.5,
      costMicros: 1152921504606846977n,
      cpcMicros: 2 ** 59,
      cpmMicros: 2 ** 58 * 1000,
      cvr: 0.5,
      roas: 2,
    });
    const row = { id: null, currency: 'EUR', start: SUNDAY, sums: NOTHING, previous: undefined };
    const none = { ctr: null, cpcMicros: null, cpmMicros: null, cvr: null, roas: null };
    expect(report({ rows: [row] }).rows[0]).toMatchObject(none);
  });

  test.for([
    [MONDAY, true],
    [MONDAY - 60_000, false],
    [0, false],
  ] as const)('a day is final once all of it is: %d', ([finalBefore, isFinal]) => {
    const regions = [{ region: 'a', asOf: TO, finalBefore }];
    expect(report({ regions }).rows[0].final).toBe(isFinal);
  });

  test('a day that the range cuts off is final once the part within is', () => {
    const regions = [{ region: 'a', asOf: TO, finalBefore: MONDAY - 3_600_000 }];
    expect(report({ regions }, { to: MONDAY - 3_600_000 }).rows[0].final).toBe(true);
    expect(report({ regions }, { to: MONDAY - 3_599_999 }).rows[0].final).toBe(false);
  });

  test('is as far as the region furthest behind, and not final where one is not known', () => {
    const both = [
      { region: 'a', asOf: TO, finalBefore: TO },
      { region: 'b', asOf: TO - 5000, finalBefore: MONDAY - 1 },
    ];
    expect(ofTwo(both, 1234)).toMatchObject({
      asOf: '2026-03-30T21:59:55.000Z',
      rows: [{ final: false }],
      regions: [{ lagMs: 0 }, { region: 'b', lagMs: 1234 }],
    });
    expect(ofTwo(both.slice(0, 1), null)).toMatchObject({
      asOf: null,
      rows: [{ final: false }],
      regions: [{ asOf: '2026-03-30T22:00:00.000Z' }, { region: 'b', asOf: null, lagMs: null }],
    });
  });

  test('compares with the period before', () => {
    const before = { ...SUMS, impressions: 5n, clicks: 0n, costMicros: 2n ** 60n };
    const row = { id: 'spring', currency: 'EUR', start: SUNDAY, sums: SUMS, previous: before };
    const [compared] = report({ rows: [row] }, { comparesPrevious: true }).rows;
    expect(compared.previous).toMatchObject({ impressions: 5n, ctr: 0 });
    expect(compared.change).toMatchObject({
      impressions: -0.2,
      clicks: null,
      ctr: null,
      costMicros: 2 ** -60,
    });
    expect(figuresCsv(report({ rows: [row] }, { comparesPrevious: true })).split('\r\n')[0]).toContain(
      'final,impressionsPrevious,impressionsChange,clicksPrevious',
    );
  });

  test('is CSV with a header, ids that are no formulas and numbers that are numbers', () => {
    const row = { id: '=cmd|"x"', currency: 'EUR', start: SUNDAY, sums: SUMS, previous: undefined };
    const [header, line] = figuresCsv(report({ rows: [row] })).split('\r\n');
    expect(header).toBe(
      'start,campaignId,currency,impressions,clicks,ctr,costMicros,cpcMicros,cpmMicros,orders,cvr,revenueMicros,roas,final',
    );
    expect(line).toMatch(/^2026-03-29T00:00:00\+01:00,"'=cmd\|""x""",EUR,4,2,0\.5,1152921504606846977,/);
  });
});

test('the days around a change of the clock are three runs of buckets', () => {
  const { runs } = new BucketRuns({ ...QUERY, from: FROM - 5 * 86_400_000, to: TO + 86_400_000 });
  expect(runs.map(({ widthMs }) => widthMs / 3_600_000)).toEqual([24, 23, 24]);
});
