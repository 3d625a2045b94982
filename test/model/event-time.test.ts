import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LAST_UNIX_MS, formatTime, minuteOf, parseEventTime } from '../../src/model/event-time.ts';

describe('times of the wire', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T01:00:00+01:00', 0],
    ['2026-01-31T12:00:00Z', 1_769_860_800_000],
    ['2026-01-31t12:00:00z', 1_769_860_800_000],
    ['2026-01-31T14:30:00+02:30', 1_769_860_800_000],
    ['2026-01-31T12:00:00-00:00', 1_769_860_800_000],
    ['2026-01-31T12:00:00.5Z', 1_769_860_800_500],
    ['2026-01-31T12:00:00.123999999Z', 1_769_860_800_123],
    ['2024-02-29T23:59:59.999Z', 1_709_251_199_999],
    ['2000-02-29T00:00:00Z', 951_782_400_000],
    ['9999-12-31T23:59:59.999Z', LAST_UNIX_MS],
    [0, 0],
    [-0, 0],
    [1_769_860_800_000, 1_769_860_800_000],
    [LAST_UNIX_MS, LAST_UNIX_MS],
  ])('%s is %d', (value, expected) => {
    expect(parseEventTime(value)).toBe(expected);
  });

  test.each([
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['a day that is not', '2023-02-29T00:00:00Z'],
    ['a leap day of 2100', '2100-02-29T00:00:00Z'],
    ['April 31st', '2026-04-31T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['hour 24', '2026-01-01T24:00:00Z'],
    ['minute 60', '2026-01-01T00:60:00Z'],
    ['an offset of 24 hours', '2026-01-01T00:00:00+24:00'],
    ['an offset of 60 minutes', '2026-01-01T00:00:00+00:60'],
    ['no offset', '2026-01-01T00:00:00'],
    ['a space for T', '2026-01-01 00:00:00Z'],
    ['ten digits of a second', '2026-01-01T00:00:00.1234567890Z'],
    ['a dot without digits', '2026-01-01T00:00:00.Z'],
    ['a year of five digits', '12026-01-01T00:00:00Z'],
    ['year 0', '0000-01-01T00:00:00Z'],
    ['before 1970', '1969-12-31T23:59:59.999Z'],
    ['before 1970 by its offset', '1970-01-01T00:00:00+00:01'],
    ['after 9999 by its offset', '9999-12-31T23:59:59-00:01'],
    ['other digits', '２０２６-01-01T00:00:00Z'],
    ['a line end behind', '2026-01-01T00:00:00Z\n'],
    ['nothing', ''],
    ['digits in a string', '1769860800000'],
    ['a fraction of a millisecond', 1.5],
    ['before 1970 in numbers', -1],
    ['after 9999 in numbers', LAST_UNIX_MS + 1],
    ['infinity', Infinity],
    ['not a number', NaN],
    ['null', null],
    ['true', true],
    ['a list', [0]],
  ])('%s is none', (_, value) => {
    expect(parseEventTime(value)).toBeUndefined();
  });

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_UNIX_MS }), (time) => {
        expect(parseEventTime(formatTime(time))).toBe(time);
      }),
    );
  });
});

test('a minute begins with its own start', () => {
  expect([59_999, 60_000, 119_999, 120_000].map(minuteOf)).toEqual([0, 60_000, 60_000, 120_000]);
});
