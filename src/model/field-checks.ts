import type { InvalidCode } from './verdict.ts';

/** The checks that fields of events and orders share: each gives the fault of a value, or null. */

/** Longest identifier, in Unicode code points. */
export const ID_LENGTH_MAX = 128;

/** An identifier: 1 to ID_LENGTH_MAX code points, none of them a control character or half of a surrogate pair. */
export function identifierFault(value: unknown): InvalidCode | null {
  if (typeof value !== 'string') return 'bad_type';
  if (value.length === 0) return 'empty_field';
  if (value.length > ID_LENGTH_MAX && codePoints(value) > ID_LENGTH_MAX) return 'too_long';
  return CONTROL.test(value) || !value.isWellFormed() ? 'bad_character' : null;
}

/** The value where it is an identifier, else null. */
export function readableIdentifier(value: unknown): string | null {
  return identifierFault(value) === null ? (value as string) : null;
}

/** A whole number from `min` to 2^53 − 1, the last that a double holds exactly. */
export function wholeNumberFault(value: unknown, min: number): InvalidCode | null {
  if (typeof value !== 'number') return 'bad_type';
  if (value < min || value > Number.MAX_SAFE_INTEGER) return 'out_of_range';
  return Number.isInteger(value) ? null : 'bad_type';
}

/** One of a few words. */
export function wordFault(value: unknown, words: readonly string[]): InvalidCode | null {
  if (typeof value !== 'string') return 'bad_type';
  return words.includes(value) ? null : 'bad_value';
}

/** The form of an ISO 4217 code. */
export function currencyFault(value: unknown): InvalidCode | null {
  if (typeof value !== 'string') return 'bad_type';
  return /^[A-Z]{3}$/.test(value) ? null : 'bad_currency';
}

type Sentence = (field: string) => string;

/** The sentences about faults that read the same for whatever `noun` was sent, "event" or "order". */
export function commonSentences(
  noun: string,
  bytesMax: number,
): Record<Exclude<InvalidCode, 'bad_value' | 'bad_type' | 'out_of_range' | 'sum_out_of_range'>, Sentence> {
  return {
    malformed_json: () => `The ${noun} is not valid JSON.`,
    bad_utf8: () => `The ${noun} is not valid UTF-8.`,
    not_an_object: () => `The ${noun} is JSON, but not an object.`,
    duplicate_key: (field) => `${field} is given twice; send each field once.`,
    missing_field: (field) => `${field} is missing.`,
    empty_field: (field) => `${field} is empty; it needs 1 to ${ID_LENGTH_MAX} characters.`,
    too_long: (field) => `${field} is longer than ${ID_LENGTH_MAX} characters.`,
    bad_character: (field) => `${field} holds a control character or half of a surrogate pair.`,
    bad_time: () =>
      `${noun}Time must be RFC 3339 with an offset ("2026-01-31T12:00:00Z") or whole Unix milliseconds, from 1970 to 9999.`,
    bad_currency: () => 'currency must be an ISO 4217 code: three capital letters.',
    too_large: () => `The ${noun} has more than ${bytesMax} bytes.`,
  };
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

function codePoints(value: string): number {
  let count = 0;
  // Counting stops early: a hostile string may have millions.
  for (const _ of value) if (++count > ID_LENGTH_MAX) break;
  return count;
}
