const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The Unix ms of a time of the wire: whole milliseconds from 1970 to 9999, or RFC 3339 with an offset (up to nine digits of
 * a second, cut to milliseconds; no leap seconds). Null for anything else.
 */
export function readWireTime(value: unknown): number | null {
  const time = typeof value === 'string' ? readRfc3339(value) : value;
  if (typeof time !== 'number' || !Number.isInteger(time)) return null;
  if (time < 0 || time > LAST_MS) return null;
  return time === 0 ? 0 : time;
}

/** The fault of a value that is no time of the wire. */
export function checkWireTime(value: unknown): string | null {
  return readWireTime(value) === null ? 'bad_time' : null;
}

/** Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)` from left to right, by hand. */
function readRfc3339(text: string): number | null {
  if (text.length < 20) return null;
  const date = text.slice(0, 10).split('-');
  const time = text.slice(11, 19).split(':');
  if (date.length !== 3 || time.length !== 3 || !'Tt'.includes(text[10])) return null;
  const [year, month, day] = [digits(date[0], 4), digits(date[1], 2), digits(date[2], 2)];
  const [hour, minute, second] = time.map((part) => digits(part, 2));
  if (year === null || month === null || day === null) return null;
  if (hour === null || minute === null || second === null) return null;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;

  let rest = text.slice(19);
  let milliseconds = 0;
  if (rest[0] === '.') {
    const fraction = leadingDigits(rest.slice(1));
    if (fraction.length < 1 || fraction.length > 9) return null;
    milliseconds = Number(`${fraction}00`.slice(0, 3));
    rest = rest.slice(1 + fraction.length);
  }
  const offsetMs = readOffset(rest);
  if (offsetMs === null) return null;
  const days = daysSince1970(year, month, day);
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milliseconds - offsetMs;
}

function readOffset(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  if (text.length !== 6 || text[3] !== ':' || !'+-'.includes(text[0])) return null;
  const [hours, minutes] = [digits(text.slice(1, 3), 2), digits(text.slice(4), 2)];
  if (hours === null || minutes === null || hours > 23 || minutes > 59) return null;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function digits(text: string, count: number): number | null {
  return text.length === count && leadingDigits(text) === text ? Number(text) : null;
}

function leadingDigits(text: string): string {
  let end = 0;
  while (end < text.length && text[end] >= '0' && text[end] <= '9') end++;
  return text.slice(0, end);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysOfMonth(year: number, month: number): number {
  return [31, isLeapYear(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

/** Leap days from the year 1 up to the end of the year before `year`. */
function leapDaysBefore(year: number): number {
  const last = year - 1;
  return Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400);
}

/** Counted, not computed by a calendar library: whole years by the leap rule, then months, then days. */
function daysSince1970(year: number, month: number, day: number): number {
  let days = (year - 1970) * 365 + leapDaysBefore(year) - leapDaysBefore(1970);
  for (let before = 1; before < month; before++) days += daysOfMonth(year, before);
  return days + day - 1;
}
