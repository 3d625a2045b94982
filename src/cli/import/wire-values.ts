import type { UnixMs } from '../../base/clock.ts';
import { parseEventTime } from '../../model/event-time.ts';
import type { TimeFormat } from './mapping.ts';

const UNIX_FACTOR: Readonly<Record<Exclude<TimeFormat, 'rfc3339'>, number>> = {
  'unix-s': 1000,
  'unix-ms': 1,
  'unix-us': 0.001,
};

/**
 * The time that `text` is; undefined when it is none. RFC 3339 also with a space for its T; a time without an offset has
 * `offset`, and is refused when there is none to take. Fractions of a millisecond are cut off.
 */
export function readTime(text: string, format: TimeFormat, offset: string | undefined): UnixMs | undefined {
  const trimmed = text.trim();
  if (format !== 'rfc3339') {
    if (!/^\d+(\.\d+)?$/.test(trimmed)) return undefined;
    return parseEventTime(Math.floor(Number(trimmed) * UNIX_FACTOR[format]));
  }
  const written = trimmed.replace(' ', 'T');
  const hasOffset = /(?:[Zz]|[+-]\d\d:\d\d)$/.test(written.slice(10));
  return parseEventTime(hasOffset ? written : written + (offset ?? ''));
}

/** "0.25" → 250000: an amount of the currency in whole micros, exact; undefined when it is none or finer than a micro. */
export function readAmountMicros(text: string): number | undefined {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > 6) return undefined;
  return safeInteger(match[1] + fraction.padEnd(6, '0'));
}

/** A whole number from 0 to 2^53 − 1; undefined for anything else. */
export function readMicros(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? safeInteger(text.trim()) : undefined;
}

function safeInteger(digits: string): number | undefined {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}
