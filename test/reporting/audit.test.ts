import { describe, expect, test } from 'vitest';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { DIFFERENCES_MAX, compareAdMinutes, describeDifference } from '../../src/reporting/audit.ts';

const MINUTE = Date.UTC(2026, 0, 31, 12);

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
