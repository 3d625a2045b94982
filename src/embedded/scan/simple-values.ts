import { asciiWord, bytesBelow, digitsOf, fourDigits, hexFault, hexNibbles } from './byte-words.ts';
import { nonDigits, packNibbles, specialBytes } from './byte-words.ts';

/**
 * Values as EventScanner reads them: from a position in a view, giving the position behind them. The caller has made sure
 * that AHEAD_BYTES can be read from the position; what may be longer asks for itself.
 */

/** No value this simple stands here: EventParser has to look at the event. */
export const NOT_SIMPLE = -1;
/** So many bytes can be read from every position that the scanner reaches without asking. */
export const AHEAD_BYTES = 64;
/** Loops over text leave as much for what follows it. */
export const BEHIND_BYTES = 8;

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const TRUE = asciiWord('true');
const FALSE_TAIL = asciiWord('alse');
const LOWER_F = 0x66;
const NULL = asciiWord('null');
const DASH = 0x2d;
/** Integers of up to 15 digits are exact, whatever they are. */
const DIGITS_MAX = 15;
const POWERS_OF_10 = Int32Array.of(1, 10, 100, 1000);

/** Reads a lower-case UUID and the quote that closes it into four words; false when anything else stands there. */
export function readUuid(view: DataView, at: number, words: Int32Array, offset: number): boolean {
  const text1 = view.getInt32(at, true);
  const text2 = view.getInt32(at + 4, true);
  const text3 = view.getInt32(at + 9, true);
  const text4 = view.getInt32(at + 14, true);
  const text5 = view.getInt32(at + 19, true);
  const text6 = view.getInt32(at + 24, true);
  const text7 = view.getInt32(at + 28, true);
  const text8 = view.getInt32(at + 32, true);
  const hex1 = hexNibbles(text1);
  const hex2 = hexNibbles(text2);
  const hex3 = hexNibbles(text3);
  const hex4 = hexNibbles(text4);
  const hex5 = hexNibbles(text5);
  const hex6 = hexNibbles(text6);
  const hex7 = hexNibbles(text7);
  const hex8 = hexNibbles(text8);
  const fault =
    hexFault(text1, hex1) |
    hexFault(text2, hex2) |
    hexFault(text3, hex3) |
    hexFault(text4, hex4) |
    hexFault(text5, hex5) |
    hexFault(text6, hex6) |
    hexFault(text7, hex7) |
    hexFault(text8, hex8) |
    (view.getUint8(at + 8) ^ DASH) |
    (view.getUint8(at + 13) ^ DASH) |
    (view.getUint8(at + 18) ^ DASH) |
    (view.getUint8(at + 23) ^ DASH) |
    (view.getUint8(at + 36) ^ QUOTE);
  if (fault !== 0) return false;
  words[offset] = (packNibbles(hex1) << 16) | packNibbles(hex2);
  words[offset + 1] = (packNibbles(hex3) << 16) | packNibbles(hex4);
  words[offset + 2] = (packNibbles(hex5) << 16) | packNibbles(hex6);
  words[offset + 3] = (packNibbles(hex7) << 16) | packNibbles(hex8);
  return true;
}

/** Reads a whole number of up to 15 digits into `into[index]`; what follows it is for the caller to check. */
export function readInteger(view: DataView, from: number, into: Float64Array, index: number): number {
  const last = view.byteLength - BEHIND_BYTES;
  let at = from;
  let value = 0;
  let digits = digitsOf(view.getInt32(at, true));
  let marks = nonDigits(digits);
  while (marks === 0) {
    value = value * 10_000 + fourDigits(digits);
    at += 4;
    if (at > last || at - from > DIGITS_MAX) return NOT_SIMPLE;
    digits = digitsOf(view.getInt32(at, true));
    marks = nonDigits(digits);
  }
  const count = bytesBelow(marks);
  if (count > 0) value = value * POWERS_OF_10[count] + fourDigits(digits << (32 - count * 8));
  at += count;
  const length = at - from;
  if (length === 0 || length > DIGITS_MAX) return NOT_SIMPLE;
  if (length > 1 && view.getUint8(from) === ZERO) return NOT_SIMPLE;
  into[index] = value;
  return at;
}

/** The position of the quote that ends a simple string whose first character stands at `from`. */
export function simpleStringEnd(view: DataView, from: number): number {
  const last = view.byteLength - BEHIND_BYTES;
  for (let at = from; at <= last; at += 4) {
    const marks = specialBytes(view.getInt32(at, true));
    if (marks === 0) continue;
    const end = at + bytesBelow(marks);
    return view.getUint8(end) === QUOTE ? end : NOT_SIMPLE;
  }
  return NOT_SIMPLE;
}

/** Passes a string, number, true, false or null that nobody reads. */
export function skipScalar(view: DataView, at: number): number {
  const first = view.getUint8(at);
  if (first === QUOTE) {
    const end = simpleStringEnd(view, at + 1);
    return end === NOT_SIMPLE ? NOT_SIMPLE : end + 1;
  }
  if (first === MINUS || isDigit(first)) return skipNumber(view, at);
  if (first === LOWER_F) return view.getInt32(at + 1, true) === FALSE_TAIL ? at + 5 : NOT_SIMPLE;
  const word = view.getInt32(at, true);
  return word === TRUE || word === NULL ? at + 4 : NOT_SIMPLE;
}

export function isNull(view: DataView, at: number): boolean {
  return view.getInt32(at, true) === NULL;
}

function skipNumber(view: DataView, from: number): number {
  const integer = view.getUint8(from) === MINUS ? from + 1 : from;
  let at = skipDigits(view, integer);
  if (at === NOT_SIMPLE || (at > integer + 1 && view.getUint8(integer) === ZERO)) return NOT_SIMPLE;
  if (view.getUint8(at) === DOT) {
    at = skipDigits(view, at + 1);
    if (at === NOT_SIMPLE) return NOT_SIMPLE;
  }
  const letter = view.getUint8(at);
  if (letter !== LOWER_E && letter !== UPPER_E) return at;
  const sign = view.getUint8(at + 1);
  return skipDigits(view, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** Passes one digit or more. */
function skipDigits(view: DataView, from: number): number {
  const last = view.byteLength - BEHIND_BYTES;
  let at = from;
  while (at <= last && isDigit(view.getUint8(at))) at++;
  return at === from || at > last ? NOT_SIMPLE : at;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
