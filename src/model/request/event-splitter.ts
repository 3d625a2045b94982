import type { BodyFormat } from './ingest.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ARRAY_OPEN = 0x5b;

/** What a byte does to the depth of brackets, from 1: up, down, nothing; quotes and commas for the splitter to see. */
const UP = 1;
const DOWN = 2;
const STRING = 3;
const SEPARATOR = 4;
const ROLES = new Uint8Array(256);
ROLES[0x5b] = ROLES[0x7b] = UP;
ROLES[0x5d] = ROLES[0x7d] = DOWN;
ROLES[QUOTE] = STRING;
ROLES[COMMA] = SEPARATOR;

/**
 * How a request body splits into events. An event is what is left of its bytes without the white space around it.
 *
 * `ndjson`: one event a line that is not blank. Lines end with \n; spaces, tabs and \r around an event do not count.
 *
 * `json`: a body whose first byte, after white space, is not `[` is one event, even an empty body. An array's elements end
 * at a comma on depth 1 or at the bracket that closes the array; a closing bracket or brace closes whatever is open, and
 * brackets in strings do not count. So a broken element seldom harms its neighbours. What stands after the last complete
 * element of a broken array is one event: it begins at the comma or bracket before it, which makes it malformed JSON
 * whatever it holds.
 *
 * Reading on needs only a position: `next`, a line's start or the comma or bracket that ended an element.
 */
export class EventSplitter {
  /** Where the event found stands: inclusive to exclusive. */
  start = 0;
  end = 0;
  /** Where to look for the event after it; the body's length when there is none. */
  next = 0;

  /**
   * Finds the event at or after `from`: 0, or `next` of the event before. False when there is none.
   * Stop when `next` is the body's length: an empty json body would be found for ever.
   */
  find(body: Uint8Array, format: BodyFormat, from: number): boolean {
    if (format === 'ndjson') return this.#findLine(body, from);
    if (from > 0) return this.#findElement(body, from);
    const open = skipSpace(body, 0, body.length);
    if (body[open] !== ARRAY_OPEN) return this.#takeRest(body, open);
    const first = skipSpace(body, open + 1, body.length);
    const isEmpty = first < body.length && ROLES[body[first]] === DOWN;
    return this.#findElement(body, isEmpty ? first : open);
  }

  #findLine(body: Uint8Array, from: number): boolean {
    // Blank lines are white space, too.
    const start = skipSpace(body, from, body.length);
    if (start === body.length) return this.#nothing(body);
    const newline = indexOfNewline(body, start);
    this.start = start;
    this.end = trimSpace(body, start, newline);
    this.next = Math.min(newline + 1, body.length);
    return true;
  }

  /** `separator` is where the array opens, a comma of depth 1, or where the array closes. */
  #findElement(body: Uint8Array, separator: number): boolean {
    if (separator >= body.length) return this.#nothing(body);
    if (ROLES[body[separator]] === DOWN) {
      const isClean = skipSpace(body, separator + 1, body.length) === body.length;
      return isClean ? this.#nothing(body) : this.#takeRest(body, separator);
    }
    const end = elementEnd(body, separator + 1);
    if (end === body.length) return this.#takeRest(body, separator);
    this.start = skipSpace(body, separator + 1, end);
    this.end = trimSpace(body, this.start, end);
    this.next = end;
    return true;
  }

  #takeRest(body: Uint8Array, start: number): boolean {
    this.start = start;
    this.end = trimSpace(body, start, body.length);
    this.next = body.length;
    return true;
  }

  #nothing(body: Uint8Array): boolean {
    this.next = body.length;
    return false;
  }
}

/**
 * How many events EventScanner finds in `body`; stops counting above `stopAfter`, which then is what it returns plus one.
 * Takes time linear in the body's size.
 */
export function countEvents(body: Uint8Array, format: BodyFormat, stopAfter: number): number {
  const splitter = new EventSplitter();
  let count = 0;
  do {
    if (!splitter.find(body, format, splitter.next)) break;
    count++;
  } while (splitter.next < body.length && count <= stopAfter);
  return count;
}

/** Where the element that begins at `from` ends: at a comma or closing bracket of depth 1, or with the body. */
function elementEnd(body: Uint8Array, from: number): number {
  let depth = 1;
  for (let at = from; at < body.length; at++) {
    const role = ROLES[body[at]];
    if (role === 0) continue;
    if (role === STRING) at = stringEnd(body, at);
    else if (role === UP) depth++;
    else if (depth === 1) return at;
    else if (role === DOWN) depth--;
  }
  return body.length;
}

/** The closing quote of the string that opens at `quote`, or the end of the body. */
function stringEnd(body: Uint8Array, quote: number): number {
  let at = quote + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** The next line end, or the end of the body. Buffer's search is several times as fast as that of Uint8Array. */
function indexOfNewline(body: Uint8Array, from: number): number {
  const at = Buffer.prototype.indexOf.call(body, NEWLINE, from);
  return at === -1 ? body.length : at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

function skipSpace(body: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(body[at])) at++;
  return at;
}

function trimSpace(body: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(body[at - 1])) at--;
  return at;
}
