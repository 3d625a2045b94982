import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatClock,
  formatCount,
  formatCtr,
  formatLatency,
  formatMinute,
  formatMoney,
  formatRate,
  formatShare,
  formatSize,
  formatSpan,
  microsToDecimal,
} from '../../src/dashboard/format.ts';

const EN = 'en-US';

describe('money', () => {
  test('whole micros become decimal text without passing a float', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        const text = microsToDecimal(micros);
        expect(text).toMatch(/^-?\d+\.\d{6}$/);
        expect(BigInt(text.replace('.', ''))).toBe(BigInt(micros));
      }),
    );
  });

  test('the greatest sum shows every digit', () => {
    const text = formatMoney(Number.MAX_SAFE_INTEGER, 'EUR', { exact: true, locale: EN });
    expect(text).toBe('€9,007,199,254.740991');
  });

  test('a sum past 2^53 shows every digit', () => {
    const sum = BigInt(Number.MAX_SAFE_INTEGER) * 3n;
    expect(formatMoney(sum, 'EUR', { exact: true, locale: EN })).toBe('€27,021,597,764.222973');
  });

  test.each([
    [1_850_000, 'EUR', '€1.85'],
    [1_234_567, 'EUR', '€1.23'],
    [1_005_000, 'USD', '$1.01'],
    [1_234_500_000, 'JPY', '¥1,235'],
    [0, 'EUR', '€0.00'],
  ])('%i micros of %s are %s', (micros, currency, text) => {
    expect(formatMoney(micros, currency, { locale: EN })).toBe(text);
  });

  test('a currency code nobody knows still shows', () => {
    expect(formatMoney(2_000_000, 'ZZZ', { locale: EN })).toMatch(/^ZZZ\s2\.00$/);
  });
});

describe('shares', () => {
  test.each([
    [0, 0, '–'],
    [0, 10, '0%'],
    [10, 10, '100%'],
    [1, 1_000_000, '<0.01%'],
    [999_999, 1_000_000, '>99.99%'],
    [1, 3, '33.33%'],
    [15, 10, '150.00%'], // cannot be; to be seen when it is
  ])('%i of %i is %s', (part, whole, text) => {
    expect(formatShare(part, whole, EN)).toBe(text);
  });

  test('only nothing is 0% and only all is 100%', () => {
    const parts = fc
      .tuple(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 40 }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
      .filter(([part, whole]) => part > 0 && part < whole);
    fc.assert(
      fc.property(parts, ([part, whole]) => {
        expect(['0%', '0.00%', '100%', '100.00%']).not.toContain(formatShare(part, whole, EN));
      }),
    );
  });

  test('a click-through rate needs impressions', () => {
    expect(formatCtr(3, 0, EN)).toBe('–');
    expect(formatCtr(1, 80, EN)).toBe('1.25%');
  });
});

test('counts are grouped and exact up to the last one', () => {
  expect(formatCount(Number.MAX_SAFE_INTEGER, EN)).toBe('9,007,199,254,740,991');
});

test.each([
  [0, '0'],
  [0.5, '0.5'],
  [12.4, '12'],
  [18_400.4, '18,400'],
])('a rate of %d is %s', (perSecond, text) => {
  expect(formatRate(perSecond, EN)).toBe(text);
});

test.each([
  [null, '–'],
  [0.42, '0.4 ms'],
  [14.2, '14 ms'],
  [1340, '1.3 s'],
])('a latency of %s ms is %s', (durationMs, text) => {
  expect(formatLatency(durationMs, EN)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1,023 B'],
  [1536, '1.5 KiB'],
  [67_108_864, '64 MiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatSize(bytes, EN)).toBe(text);
});

test.each([
  [0, '0 s'],
  [420, '0.4 s'],
  [12_900, '12 s'],
  [100_000, '1 min 40 s'],
  [3_600_000, '1 h'],
  [86_399_999, '23 h 59 min'],
  [7 * 86_400_000, '7 d'],
  [187_200_000, '2 d 4 h'],
])('a span of %i ms is %s', (durationMs, text) => {
  expect(formatSpan(durationMs, EN)).toBe(text);
});

describe('times', () => {
  const NOON = Date.UTC(2026, 6, 1, 12, 0, 5);

  test.each([
    ['UTC', '12:00:05'],
    ['Europe/Paris', '14:00:05'],
    ['Asia/Kathmandu', '17:45:05'],
  ])('in %s it is %s', (zone, text) => {
    expect(formatClock(NOON, zone)).toBe(text);
  });

  test('midnight is 00:00, not 24:00', () => {
    expect(formatMinute(Date.UTC(2026, 0, 1), 'UTC')).toBe('00:00');
  });

  test('the hour that does not exist in Paris is skipped', () => {
    const beforeJump = Date.UTC(2026, 2, 29, 0, 59);
    expect(formatMinute(beforeJump, 'Europe/Paris')).toBe('01:59');
    expect(formatMinute(beforeJump + 60_000, 'Europe/Paris')).toBe('03:00');
  });
});
