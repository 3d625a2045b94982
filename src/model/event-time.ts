import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../base/units.ts';

/** 9999-12-31T23:59:59.999Z: the last instant that RFC 3339 can write. */
export const LAST_UNIX_MS = 253_402_300_799_999;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const ZERO = 0x30;
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

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

/** Start of the hour that holds `time`. */
export function hourOf(time: UnixMs): UnixMs {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

function parseRfc3339(text: string): UnixMs | undefined {
  if (!RFC_3339.test(text)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  // No offset brings an earlier year up to 1970, and Date.UTC would read the first hundred as 1900 and on.
  if (year < 1969 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return undefined;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const offsetMs = readOffset(text);
  if (hour > 23 || minute > 59 || second > 59 || offsetMs === undefined) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second, readMilliseconds(text)) - offsetMs;
}

function readMilliseconds(text: string): number {
  let milliseconds = 0;
  if (text[19] !== '.') return 0;
  for (let at = 20; at < 23; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return milliseconds * 10 ** (23 - at);
    milliseconds = milliseconds * 10 + digit;
  }
  return milliseconds;
}

function readOffset(text: string): number | undefined {
  if (text.endsWith('Z') || text.endsWith('z')) return 0;
  const at = text.length - 6;
  const hour = twoDigits(text, at + 1);
  const minute = twoDigits(text, at + 4);
  if (hour > 23 || minute > 59) return undefined;
  return (hour * 60 + minute) * MINUTE_MS * (text[at] === '-' ? -1 : 1);
}

function daysOfMonth(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeapYear ? 29 : DAYS_OF_MONTH[month - 1];
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
