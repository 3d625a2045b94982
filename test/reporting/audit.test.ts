import { describe, expect, test } from 'vitest';
import type { CellSums } from '../../src/embedded/ports.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { type VerdictCounts, noVerdicts } from '../../src/model/verdict.ts';
import {
  type AuditParts,
  DIFFERENCES_MAX,
  auditDifferences,
  compareAdMinutes,
  describeDifference,
} from '../../src/reporting/audit.ts';

const MINUTE = Date.UTC(2026, 0, 31, 12);

const verdicts = (counts: Partial<VerdictCounts>): VerdictCounts => ({ ...noVerdicts(), ...counts });
const sums = (records: number, impressions: number, clicks: number, costMicros: bigint): CellSums => ({
  records,
  impressions,
  clicks,
  costMicros,
});

/** Ten events: three of them long ago, seven in the minute of MINUTE. */
const BALANCED: AuditParts = {
  received: 10,
  verdicts: verdicts({ counted: 6, duplicate: 3, invalid: 1 }),
  minutes: [{ minute: MINUTE, received: 7, verdicts: verdicts({ counted: 4, duplicate: 2, invalid: 1 }) }],
  earlier: { received: 3, verdicts: verdicts({ counted: 2, duplicate: 1 }) },
  cells: sums(2, 3, 1, 40n),
  retiredCells: sums(1, 2, 0, 20n),
  counted: sums(3, 5, 1, 60n),
};

test('balanced books have no difference, sums beyond 2^53 included', () => {
  expect(auditDifferences(BALANCED)).toEqual([]);
  const rich = { cells: sums(2, 3, 1, 2n ** 60n + 1n), counted: sums(3, 5, 1, 2n ** 60n + 21n) };
  expect(auditDifferences({ ...BALANCED, ...rich })).toEqual([]);
});

describe('one wrong figure is named', () => {
  const WRONG: [string, Partial<AuditParts>, string][] = [
    ['an event without verdict', { received: 11 }, '11 events received in all, but 10 have a verdict'],
    [
      'an event without verdict in its minute',
      { minutes: [{ ...BALANCED.minutes[0], received: 8 }] },
      '8 events received in the minute of 2026-01-31T12:00:00.000Z, but 7 have a verdict',
    ],
    ['a lost minute', { minutes: [] }, '6 events counted in all, but the minutes of arrival add up to 2'],
    ['a lost click', { cells: sums(2, 3, 0, 40n) }, '1 clicks were counted, but the ad minutes hold 0'],
    ['a lost micro', { cells: sums(2, 3, 1, 39n) }, '60 costMicros were counted, but the ad minutes hold 59'],
    [
      'a lost record',
      { retiredCells: sums(0, 2, 0, 20n) },
      '3 records were counted, but the ad minutes hold 2',
    ],
    [
      'an event counted into no cell',
      { cells: sums(2, 2, 1, 40n), counted: sums(3, 4, 1, 60n) },
      '6 events have the verdict counted, but 5 were counted into ad minutes',
    ],
  ];
  test.for(WRONG)('%s', ([, wrong, sentence]) => {
    expect(auditDifferences({ ...BALANCED, ...wrong })).toContain(sentence);
  });

  test('in at most a hundred sentences', () => {
    const minutes = Array.from({ length: 500 }, (_, n) => ({
      minute: n,
      received: 1,
      verdicts: noVerdicts(),
    }));
    const found = auditDifferences({ ...BALANCED, minutes });
    expect(found).toHaveLength(DIFFERENCES_MAX + 1);
    expect(found.at(-1)).toMatch(/^and \d+ more differences$/);
  });
});

const record = (recordId: string, parts: Partial<AdMinute> = {}): AdMinute => ({
  recordId,
  revision: 1,
  region: 'a',
  adId: '31',
  campaignId: 'campaign',
  advertiserId: 'advertiser',
  minute: MINUTE,
  currency: 'EUR',
  impressions: 1,
  clicks: 0,
  costMicros: 10,
  ...parts,
});
const recount = (...records: AdMinute[]): Map<string, AdMinute> =>
  new Map(records.map((one) => [one.recordId, one]));

describe('records against a recount', () => {
  test('alike', () => {
    expect(compareAdMinutes([record('1'), record('2')], recount(record('2'), record('1')))).toEqual({
      equal: 2,
      missing: 0,
      extra: 0,
      different: 0,
      differences: [],
    });
  });

  test('missing, extra, twice and different, each with its words', () => {
    const served = [record('1'), record('1'), record('2', { clicks: 3, costMicros: 9 }), record('4')];
    const comparison = compareAdMinutes(served, recount(record('1'), record('2'), record('3')));
    expect(comparison).toMatchObject({ equal: 1, missing: 1, extra: 2, different: 1 });
    expect(
      comparison.differences.map((difference) => [difference.recordId, describeDifference(difference)]),
    ).toEqual([
      ['1', 'ad 31 at 2026-01-31T12:00:00.000Z in EUR: served, but not in the recount'],
      ['2', 'ad 31 at 2026-01-31T12:00:00.000Z in EUR: clicks 3, recounted 0; costMicros 9, recounted 10'],
      ['4', 'ad 31 at 2026-01-31T12:00:00.000Z in EUR: served, but not in the recount'],
      ['3', 'ad 31 at 2026-01-31T12:00:00.000Z in EUR: in the recount, but not served'],
    ]);
  });

  const OTHER: Record<keyof AdMinute, Partial<AdMinute>> = {
    recordId: { recordId: '2' },
    revision: { revision: 2 },
    region: { region: 'b' },
    adId: { adId: '32' },
    campaignId: { campaignId: 'other' },
    advertiserId: { advertiserId: 'other' },
    minute: { minute: 0 },
    currency: { currency: 'USD' },
    impressions: { impressions: 2 },
    clicks: { clicks: 1 },
    costMicros: { costMicros: 11 },
  };
  test.for(Object.keys(OTHER) as (keyof AdMinute)[])('no field is overlooked: %s', (field) => {
    const comparison = compareAdMinutes([record('1', OTHER[field])], recount(record('1')));
    expect(comparison.equal).toBe(0);
    expect(comparison.differences).not.toEqual([]);
  });

  test('many differences are counted, the first hundred told', () => {
    const served = Array.from({ length: 300 }, (_, n) => record(String(n)));
    const comparison = compareAdMinutes(served, recount());
    expect(comparison.extra).toBe(300);
    expect(comparison.differences).toHaveLength(DIFFERENCES_MAX);
  });
});
