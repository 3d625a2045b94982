import type { UnixMs } from '../base/clock.ts';
import { MINUTE_MS } from '../base/units.ts';

/** 9999-12-31T23:59:59.999Z: the last instant that RFC 3339 can write. */
export const LAST_UNIX_MS = 253_402_300_799_999;

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Reads a time of the wire: RFC 3339 with offset, or whole Unix milliseconds. Fractions of a millisecond are cut off.
 * Undefined for anything else, for days that do not exist, for leap seconds (Unix time has none) and outside 1970–9999.
 */
export function parseEventTime(value: unknown): UnixMs | undefined {
  const time = typeof value === 'string' ? parseRfc3339(value) : value;
  if (typeof time !== 'number' || !Number.isInteger(time) || time < 0 || time > LAST_UNIX_MS)
    return undefined;
  return time + 0; // −0 becomes 0
}

/** RFC 3339 in UTC with milliseconds. */
export function formatTime(time: UnixMs): string {
  return new Date(time).toISOString();
}

/** Start of the minute that holds `time`. */
export function minuteOf(time: UnixMs): UnixMs {
  return time - (time % MINUTE_MS);
}

function parseRfc3339(text: string): UnixMs | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Number((match[7] ?? '').slice(0, 3).padEnd(3, '0')));
  const offsetMs = (offsetHour * 60 + offsetMinute) * MINUTE_MS * (match[8] === '-' ? -1 : 1);
  return date.getTime() - offsetMs;
}
