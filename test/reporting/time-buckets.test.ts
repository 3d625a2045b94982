import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import { type Granularity, TimeBuckets } from '../../src/reporting/time-buckets.ts';

/** Every bucket start from `from` to `to`, found by watching the local clock minute by minute. */
function watchClock(granularity: Granularity, timezone: string, from: number, to: number): number[] {
  const width = { minute: MINUTE_MS, hour: HOUR_MS, '6h': 6 * HOUR_MS, day: DAY_MS }[granularity];
  const localAt = (time: number): number =>
    time + Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6;
  const starts: number[] = [];
  let furthest = Math.floor(localAt(from - MINUTE_MS) / width);
  for (let time = from; time < to; time += MINUTE_MS) {
    const local = localAt(time);
    const mark = Math.floor(local / width);
    const comesAgain = granularity === 'hour' && local % width === 0;
    if (mark > furthest || comesAgain) starts.push(time);
    furthest = Math.max(furthest, mark);
    // Once a step back lies behind, the hours that come again count as new ones.
    if (granularity === 'hour' && comesAgain) furthest = mark;
  }
  return starts;
}

/** Local noon before a night (or two) in which a clock did something odd, and why it is here. */
const ODD_NIGHTS = [
  ['Europe/Paris', '2026-03-28T12:00', 'loses an hour at 02:00'],
  ['Europe/Paris', '2026-10-24T12:00', 'has 02:00 twice'],
  ['America/New_York', '2026-03-07T12:00', 'loses an hour at 02:00'],
  ['America/New_York', '2026-10-31T12:00', 'has 01:00 twice'],
  ['Asia/Kolkata', '2026-06-01T12:00', 'is half an hour off all others'],
  ['Asia/Kathmandu', '1985-12-31T12:00', 'moved by a quarter of an hour at midnight'],
  ['Australia/Lord_Howe', '2026-10-03T12:00', 'moves by half an hour, forward'],
  ['Australia/Lord_Howe', '2026-04-04T12:00', 'moves by half an hour, back'],
  ['Pacific/Apia', '2011-12-29T12:00', 'skips the 30th of December'],
  ['America/Sao_Paulo', '2018-11-03T12:00', 'has no midnight'],
  ['America/Havana', '2026-10-31T12:00', 'has midnight twice'],
  ['America/St_Johns', '2010-03-13T12:00', 'jumps from 00:01 to 01:01'],
  ['America/St_Johns', '2010-11-06T12:00', 'turns back from 00:01 to 23:01 of the day before'],
  ['America/St_Johns', '1988-10-29T12:00', 'turns back two hours from 00:01'],
  ['Antarctica/Troll', '2026-10-24T12:00', 'moves by two hours'],
  ['Antarctica/Casey', '2010-03-04T12:00', 'moves by three hours'],
  ['UTC', '2026-03-28T12:00', 'never moves'],
] as const;
const CUTS = ['hour', '6h', 'day'] as const;

describe.for(ODD_NIGHTS)('%s from %s, which %s', ([timezone, noon]) => {
  const from = Temporal.PlainDateTime.from(noon).toZonedDateTime(timezone).epochMilliseconds;
  const to = from + 2.5 * DAY_MS;

  test.for(CUTS)('%s buckets begin where a watched clock says', (granularity) => {
    const starts = watchClock(granularity, timezone, from - 2 * DAY_MS, to);
    const buckets = new TimeBuckets(granularity, timezone);
    const wrong: string[] = [];
    for (let time = from; time < to; time += MINUTE_MS) {
      const [start, expected] = [buckets.startOf(time), starts.findLast((mark) => mark <= time)!];
      if (start !== expected) wrong.push([time, start, expected].map((at) => buckets.format(at)).join(' → '));
    }
    expect(wrong).toEqual([]);
  });
});

test('the order of the questions does not change the answers', () => {
  const night = fc.constantFrom(...ODD_NIGHTS);
  const minutes = fc.array(fc.integer({ min: 0, max: 5 * 24 * 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(night, fc.constantFrom(...CUTS), minutes, ([timezone, noon], granularity, steps) => {
      const from = Temporal.PlainDateTime.from(noon).toZonedDateTime(timezone).epochMilliseconds - 2 * DAY_MS;
      const reused = new TimeBuckets(granularity, timezone);
      for (const step of steps) {
        const time = from + step * MINUTE_MS;
        expect(reused.startOf(time)).toBe(new TimeBuckets(granularity, timezone).startOf(time));
      }
    }),
    { numRuns: 300 },
  );
});

test('minutes are minutes everywhere', () => {
  const buckets = new TimeBuckets('minute', 'Asia/Kathmandu');
  expect(buckets.startOf(Date.UTC(2026, 0, 1, 0, 0, 59))).toBe(Date.UTC(2026, 0, 1));
});

test('a start is written with the offset of its moment', () => {
  const buckets = new TimeBuckets('day', 'Europe/Paris');
  expect(buckets.format(Date.UTC(2026, 2, 28, 23))).toBe('2026-03-29T00:00:00+01:00');
  expect(buckets.format(Date.UTC(2026, 2, 29, 22))).toBe('2026-03-30T00:00:00+02:00');
});

test('an unknown time zone is refused by name', () => {
  expect(() => new TimeBuckets('day', 'Europe/Atlantis')).toThrow(
    expect.objectContaining({ code: 'bad_request', message: expect.stringContaining('Europe/Atlantis') }),
  );
});
