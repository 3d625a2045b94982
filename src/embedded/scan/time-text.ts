import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { asciiWord, digitsOf, nonDigits } from './byte-words.ts';
import { NOT_SIMPLE } from './simple-values.ts';

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const UPPER_Z = 0x5a;
const LOW_2_BYTES = 0xffff;
const AROUND_2_BYTES = 0xff0000ff | 0;
const YEAR_MARKS = asciiWord('-\0\0-');
const HOUR_MARKS = asciiWord('T\0\0:');
const MINUTE_MARKS = asciiWord(':\0\0:');
const UPPER_Z_AND_QUOTE = asciiWord('Z"');

const FRACTION_DIGITS_MAX = 9;
const DAYS_OF_MONTH = Int32Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);
const DAYS_BEFORE_MONTH = Int32Array.of(0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334);

/**
 * Reads times as RFC 3339 writes them with capital letters, best `YYYY-MM-DDTHH:MM:SSZ` with three digits of a second or
 * none.
 */
export class TimeText {
  /** The text of the last day read, as words, and its start: most times fall on the day of the one before. */
  #year = 0;
  #month = 0;
  #dayOfMonth = -1;
  #dayMs = 0;

  /** Reads the time whose first character stands at `at` into `into[index]`, Unix ms; returns the position behind its quote. */
  read(view: DataView, at: number, into: Float64Array, index: number): number {
    const year = view.getInt32(at, true);
    const month = view.getInt32(at + 4, true);
    const dayOfMonth = view.getInt32(at + 8, true) & LOW_2_BYTES;
    if (year !== this.#year || month !== this.#month || dayOfMonth !== this.#dayOfMonth) {
      if (!this.#readDay(year, month, dayOfMonth)) return NOT_SIMPLE;
    }
    const hourText = view.getInt32(at + 10, true);
    const minuteText = view.getInt32(at + 13, true);
    const secondText = view.getInt32(at + 16, true);
    if ((hourText & AROUND_2_BYTES) !== HOUR_MARKS || (minuteText & AROUND_2_BYTES) !== MINUTE_MARKS) {
      return NOT_SIMPLE;
    }
    const hour = twoDigits(hourText >>> 8);
    const minute = twoDigits(minuteText >>> 8);
    const second = twoDigits(secondText >>> 8);
    if (hour > 23 || minute > 59 || second > 59) return NOT_SIMPLE;
    const time = this.#dayMs + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
    return this.#readEnd(view, at + 19, time, into, index);
  }

  #readEnd(view: DataView, at: number, time: number, into: Float64Array, index: number): number {
    const mark = view.getUint8(at);
    if (mark === UPPER_Z) {
      into[index] = time;
      return view.getUint8(at + 1) === QUOTE ? at + 2 : NOT_SIMPLE;
    }
    const digits = digitsOf(view.getInt32(at + 1, true));
    const isUsual =
      mark === DOT &&
      (nonDigits(digits) & 0x808080) === 0 &&
      (view.getInt32(at + 4, true) & LOW_2_BYTES) === UPPER_Z_AND_QUOTE;
    if (!isUsual) return readAnyEnd(view, at, time, into, index);
    into[index] = time + (digits & 0xff) * 100 + ((digits >>> 8) & 0xff) * 10 + ((digits >>> 16) & 0xff);
    return at + 6;
  }

  #readDay(yearText: number, monthText: number, dayText: number): boolean {
    const century = twoDigits(yearText);
    const yearOfCentury = twoDigits(yearText >>> 16);
    const month = twoDigits(monthText >>> 8);
    const day = twoDigits(dayText);
    const year = century * 100 + yearOfCentury;
    if ((monthText & AROUND_2_BYTES) !== YEAR_MARKS || yearOfCentury > 99 || year < 1970 || year > 9999)
      return false;
    if (month < 1 || month > 12 || day < 1) return false;
    const leapDay = isLeapYear(year) ? 1 : 0;
    if (day > DAYS_OF_MONTH[month - 1] + (month === 2 ? leapDay : 0)) return false;
    const days = daysBefore(year) + DAYS_BEFORE_MONTH[month - 1] + (month > 2 ? leapDay : 0) + day - 1;
    this.#year = yearText;
    this.#month = monthText;
    this.#dayOfMonth = dayText;
    this.#dayMs = (days - daysBefore(1970)) * DAY_MS;
    return true;
  }
}

/** Reads up to nine digits of a second, then `Z` or an offset. */
function readAnyEnd(view: DataView, from: number, time: number, into: Float64Array, index: number): number {
  let at = from;
  let milliseconds = 0;
  if (view.getUint8(at) === DOT) {
    at++;
    for (let scale = 100; at <= from + FRACTION_DIGITS_MAX && isDigit(view.getUint8(at)); at++) {
      milliseconds += (view.getUint8(at) - ZERO) * scale;
      scale = Math.floor(scale / 10);
    }
    if (at === from + 1) return NOT_SIMPLE;
  }
  const zone = view.getUint8(at++);
  let offsetMs = 0;
  if (zone === PLUS || zone === MINUS) {
    const hour = twoDigits(view.getInt32(at, true));
    const minute = twoDigits(view.getInt32(at + 3, true));
    if (hour > 23 || minute > 59 || view.getUint8(at + 2) !== COLON) return NOT_SIMPLE;
    offsetMs = (hour * HOUR_MS + minute * MINUTE_MS) * (zone === PLUS ? 1 : -1);
    at += 5;
  } else if (zone !== UPPER_Z) {
    return NOT_SIMPLE;
  }
  into[index] = time + milliseconds - offsetMs;
  return view.getUint8(at) === QUOTE && into[index] >= 0 ? at + 1 : NOT_SIMPLE;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** Days from year 1 to the beginning of `year`. */
function daysBefore(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The number that the two low bytes of `text` write, 0 to 99; 1000 when they are no digits. */
function twoDigits(text: number): number {
  const digits = digitsOf(text) & LOW_2_BYTES;
  if (nonDigits(digits) !== 0) return 1000;
  return (digits & 0xff) * 10 + (digits >>> 8);
}
