import type { UnixMs } from '../../base/clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** No clock is further from UTC than this, and none was. */
const OFFSET_MOST_MS = 16 * HOUR_MS;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The calendar date at a time, `2026-01-31`. */
export function dateIn(timeZone: string, at: UnixMs): string {
  return new Date(at + offsetMs(timeZone, at)).toISOString().slice(0, 10);
}

/** The date so many days later, or before. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** When the date begins in the time zone: at midnight, or when the clock jumps over it. */
export function startOfDate(timeZone: string, date: string): UnixMs {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  let [before, from] = [midnight - OFFSET_MOST_MS, midnight + OFFSET_MOST_MS];
  while (from - before > MINUTE_MS) {
    const middle = before + Math.floor((from - before) / 2 / MINUTE_MS) * MINUTE_MS;
    if (dateIn(timeZone, middle) >= date) from = middle;
    else before = middle;
  }
  return from;
}

/** Hours of the wall clock from the start of a date until the start of another: 23 or 25 of a day on which it is moved. */
export function hourStarts(timeZone: string, from: UnixMs, until: UnixMs): UnixMs[] {
  const starts: UnixMs[] = [];
  for (let at = from; at < until; at = nextHour(timeZone, at)) starts.push(at);
  return starts;
}

/** How far the clock of the zone is ahead of UTC, ms. */
export function offsetMs(timeZone: string, at: UnixMs): number {
  const parts = zoneFormat(timeZone).formatToParts(at);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)!.value);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(at / 1000) * 1000;
}

function nextHour(timeZone: string, at: UnixMs): UnixMs {
  const offset = offsetMs(timeZone, at);
  const usual = Math.floor((at + offset) / HOUR_MS) * HOUR_MS + HOUR_MS - offset;
  if (offsetMs(timeZone, usual) === offset) return usual;
  // The clock was moved within the hour, or at its end.
  for (let next = at + MINUTE_MS; next < usual; next += MINUTE_MS) {
    if (offsetMs(timeZone, next) !== offset) return next;
  }
  return usual;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const known =
    formatters.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formatters.set(timeZone, known);
  return known;
}
