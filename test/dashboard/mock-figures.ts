import type { LiveFrame, TopAd } from '../../src/model/live.ts';
import { MINUTE_MS } from '../../src/base/units.ts';

/** A frame whose figures grow with every tick, and balance. */
export function mockFrame(tick: number, at: number): LiveFrame {
  const verdicts = {
    counted: 1_284_031 + tick * 612,
    duplicate: 13_204 + tick * 6,
    conflict: 12,
    late: 341 + Math.floor(tick / 4),
    future: 3,
    invalid: 1_209 + Math.floor(tick / 3),
  };
  return {
    at,
    region: 'a',
    received: Object.values(verdicts).reduce((sum, count) => sum + count, 0),
    verdicts,
    eventsPerSecond: 1240 + 260 * Math.sin(tick / 9) + 90 * Math.sin(tick * 1.7),
    freshness: { p50Ms: 3.4, p99Ms: 14.2 },
    records: 48_113 + tick * 11,
    pendingBytes: 187_392,
    quarantined: 1_565 + Math.floor(tick / 3),
    orders: { received: 8_204 + tick * 3, held: 8_119 + tick * 3, pending: 3 },
    peer: null,
    topAds: Array.from({ length: 10 }, (_, rank) => topAd(rank, tick)),
  };
}

function topAd(rank: number, tick: number): TopAd {
  const impressions = Math.round(38_400 / (rank + 1)) + tick * (11 - rank);
  return {
    adId: `ad-${String(20 + rank * 37).padStart(5, '0')}`,
    campaignId: `campaign-${String(3 + rank).padStart(3, '0')}`,
    advertiserId: `advertiser-${String(1 + (rank % 4)).padStart(2, '0')}`,
    currency: rank === 3 ? 'USD' : 'EUR',
    impressions,
    clicks: Math.round(impressions * (0.006 + 0.002 * (rank % 4))),
    costMicros: impressions * 1_850,
  };
}

/** Rows for the minutes asked for; an ad whose id begins with "none" has none. */
export function mockAdMinutes(query: URLSearchParams, tick: number): unknown {
  const from = Date.parse(query.get('from')!);
  const to = Date.parse(query.get('to')!);
  const minutes = query.get('adId')!.startsWith('none') ? 0 : Math.round((to - from) / MINUTE_MS);
  const rows = Array.from({ length: minutes }, (_, index) => {
    const start = from + index * MINUTE_MS;
    const wave = Math.abs(Math.sin(start / MINUTE_MS / 11)) + 0.3 * Math.abs(Math.sin(start / MINUTE_MS));
    const isLast = index === minutes - 1;
    const impressions = isLast ? tick * 9 : Math.round(420 + 800 * wave);
    const clicks = Math.round(impressions * (0.008 + 0.006 * Math.abs(Math.sin(start / 700_000))));
    return {
      start: new Date(start).toISOString(),
      adId: query.get('adId'),
      campaignId: 'campaign-003',
      advertiserId: 'advertiser-01',
      currency: 'EUR',
      impressions,
      clicks,
      costMicros: impressions * 1_851,
    };
  });
  const sum = (key: 'impressions' | 'clicks' | 'costMicros'): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const totals = {
    impressions: sum('impressions'),
    clicks: sum('clicks'),
    costMicros: { EUR: sum('costMicros') },
  };
  return { rows, totals, asOf: new Date().toISOString() };
}

const FAULTS = [
  ['invalid', 'missing_field', 'adId is missing.'],
  [
    'invalid',
    'bad_time',
    'eventTime must be RFC 3339 with an offset ("2026-01-31T12:00:00Z") or whole Unix milliseconds, from 1970 to 9999.',
  ],
  ['late', 'late', 'The event is 26 h older than its arrival; the greatest age is 24h.'],
  ['conflict', 'conflict', 'Another event with this id was counted before; the first one stands.'],
  ['invalid', 'malformed_json', 'The event is not valid JSON.'],
] as const;

export function mockQuarantine(now: number): unknown {
  const entries = Array.from({ length: 50 }, (_, index) => {
    const [verdict, code, message] = FAULTS[index % FAULTS.length];
    return {
      id: 9000 - index,
      arrival: now - index * 7_300,
      verdict,
      code,
      message,
      eventId:
        code === 'malformed_json'
          ? null
          : `0192f3a1-77aa-7c3e-9a01-${String(index * 7919).padStart(12, '0')}`,
      sizeBytes: 241 + index * 13,
    };
  });
  return { entries, held: 1_565, dropped: 0 };
}
