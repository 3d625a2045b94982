import { describe, expect, test } from 'vitest';
import { CountingOracle } from '../../src/oracle/counting-oracle.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON = Date.UTC(2026, 0, 15, 12, 30);
const RULES = {
  region: 'a',
  regions: ['a'],
  holdMaxMs: 0,
  requiredFields: ['eventId', 'eventType', 'eventTime', 'adId', 'campaignId', 'advertiserId', 'userId'],
  defaultCurrency: 'EUR',
  maxEventAgeMs: DAY_MS,
  maxClockSkewMs: 600_000,
  dedupeWindowMs: DAY_MS,
  recordRetentionMs: 3 * DAY_MS,
};

function event(eventId: string, changes: object = {}): object {
  return {
    eventId,
    eventType: 'impression',
    eventTime: NOON,
    adId: 'ad',
    campaignId: 'c',
    advertiserId: 'adv',
    userId: 'u',
    ...changes,
  };
}

function verdictsOf(oracle: CountingOracle, arrivalMs: number, ...events: unknown[]): string[] {
  const body = new TextEncoder().encode(JSON.stringify(events));
  return oracle.take({ arrivalMs, format: 'json', body }).perEvent.map(({ code }) => code);
}

describe('the oracle counts', () => {
  test('the first of an id, and nothing after it', () => {
    const oracle = new CountingOracle(RULES);
    expect(verdictsOf(oracle, NOON, event('1'), event('1'), event('1', { eventTime: NOON + 1 }))).toEqual([
      'counted',
      'duplicate',
      'conflict',
    ]);
    expect(verdictsOf(oracle, NOON, event('1', { note: 'unknown fields do not matter' }))).toEqual([
      'duplicate',
    ]);
    expect(verdictsOf(oracle, NOON, event('1', { costMicros: 0, currency: 'EUR' }))).toEqual(['duplicate']);
    const [record] = oracle.records().values();
    expect(record).toMatchObject({ minute: NOON, impressions: 1, clicks: 0, revision: 1, currency: 'EUR' });
    expect(oracle.arrivals().get(NOON)).toEqual({
      received: 5,
      verdicts: { counted: 1, duplicate: 3, conflict: 1, late: 0, future: 0, invalid: 0 },
    });
  });

  test('hands out each event that it counts, once', () => {
    const counted: string[] = [];
    const oracle = new CountingOracle(RULES, { onTouch: ({ eventId }) => counted.push(eventId) });
    verdictsOf(oracle, NOON, event('1'), event('1'), {}, event('2', { eventTime: 0 }), event('3'));
    expect(counted).toEqual(['1', '3']);
  });

  test('with time, also when no event comes', () => {
    const oracle = new CountingOracle(RULES);
    verdictsOf(oracle, NOON, event('1'));
    oracle.passTime(NOON + 4 * DAY_MS);
    expect(oracle.records().size).toBe(0);
    expect(oracle.retired()).toMatchObject({ records: 1, impressions: 1 });
  });

  test('judges age by arrival, to the millisecond', () => {
    const oracle = new CountingOracle(RULES);
    const times = [NOON - DAY_MS, NOON - DAY_MS - 1, NOON + 600_000, NOON + 600_001];
    const events = times.map((eventTime, index) => event(String(index), { eventTime }));
    expect(verdictsOf(oracle, NOON, ...events)).toEqual(['counted', 'late', 'counted', 'future']);
  });

  test('remembers an id for the window and the rest of its hour, whatever the clock does', () => {
    const again = (arrival: number): string[] => {
      const oracle = new CountingOracle(RULES);
      verdictsOf(oracle, NOON, event('1'));
      return verdictsOf(oracle, arrival, event('1', { eventTime: arrival }));
    };
    expect(again(NOON + DAY_MS + HOUR_MS / 2 - 1)).toEqual(['conflict']);
    expect(again(NOON + DAY_MS + HOUR_MS / 2)).toEqual(['counted']);
    const oracle = new CountingOracle(RULES);
    verdictsOf(oracle, NOON, event('1'));
    verdictsOf(oracle, NOON + 2 * DAY_MS);
    expect(verdictsOf(oracle, NOON, event('1'), event('1'))).toEqual(['counted', 'duplicate']);
    expect(verdictsOf(oracle, NOON + 2 * DAY_MS, event('1', { eventTime: NOON + DAY_MS }))).toEqual([
      'conflict',
    ]);
  });

  test('refuses a sum that would not be exact, without remembering the id', () => {
    const oracle = new CountingOracle(RULES);
    const rich = { costMicros: Number.MAX_SAFE_INTEGER };
    expect(verdictsOf(oracle, NOON, event('1', rich), event('2', { costMicros: 1 }), event('2'))).toEqual([
      'counted',
      'sum_out_of_range',
      'counted',
    ]);
  });

  test('shows the greatest campaign and its advertiser, in any order of arrival', () => {
    const pairs = [
      { campaignId: 'ｚ', advertiserId: 'a' },
      { campaignId: '😀', advertiserId: 'b' },
      { campaignId: '😀', advertiserId: 'a' },
    ];
    for (const order of [pairs, pairs.toReversed()]) {
      const oracle = new CountingOracle(RULES);
      verdictsOf(oracle, NOON, ...order.map((pair, index) => event(String(index), pair)));
      // In UTF-8 the emoji comes after the full-width letter; in UTF-16 it would not.
      expect([...oracle.records().values()]).toMatchObject([{ campaignId: '😀', advertiserId: 'b' }]);
    }
  });

  test('keeps ads, minutes and currencies apart', () => {
    const oracle = new CountingOracle(RULES);
    const changes = [
      {},
      { adId: 'b' },
      { eventTime: NOON + 60_000 },
      { eventTime: NOON + 59_999 },
      { currency: 'USD' },
    ];
    verdictsOf(oracle, NOON, ...changes.map((change, index) => event(String(index), change)));
    expect(oracle.records().size).toBe(4);
  });

  test('lets go of records that are too old, and takes nothing more for them', () => {
    const oracle = new CountingOracle(RULES);
    verdictsOf(oracle, NOON, event('1', { costMicros: 7 }));
    verdictsOf(oracle, NOON + 3 * DAY_MS);
    expect(oracle.records().size).toBe(1);
    verdictsOf(oracle, NOON + 3 * DAY_MS + 60_000);
    expect(oracle.records().size).toBe(0);
    expect(oracle.retired()).toEqual({ records: 1, impressions: 1, clicks: 0, costMicros: 7n });
    expect(verdictsOf(oracle, NOON, event('2'))).toEqual(['late']);
  });

  test('follows a change of rules', () => {
    const oracle = new CountingOracle(RULES);
    const stricter = { maxEventAgeMs: 0, requiredFields: [...RULES.requiredFields, 'placement'] };
    oracle.changeRules({ ...RULES, ...stricter }, NOON);
    expect(verdictsOf(oracle, NOON, event('1'), event('2', { placement: 'p', eventTime: NOON - 1 }))).toEqual(
      ['missing_field', 'late'],
    );
  });
});
