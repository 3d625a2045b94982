import { assert } from '../../base/assert.ts';
import { EVENT_FIELDS, type EventFormat } from '../../model/ad-event.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import type { BodyFormat } from '../ports.ts';
import { asciiWord, bytesBelow, specialBytes } from './byte-words.ts';
import * as row from './event-batch.ts';
import type { EventBatch } from './event-batch.ts';
import { EventParser, packCurrency } from './event-parser.ts';
import { EventSplitter } from './event-splitter.ts';
import * as key from './field-keys.ts';
import * as field from './fingerprint.ts';
import { Fingerprint, finishHash, mixWord, numberHash } from './fingerprint.ts';
import * as value from './simple-values.ts';
import { AHEAD_BYTES, BEHIND_BYTES, NOT_SIMPLE } from './simple-values.ts';
import { TimeText } from './time-text.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const ARRAY_OPEN = 0x5b;
const ARRAY_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const IMPR = asciiWord('impr');
const ESSI = asciiWord('essi');
const ON_QUOTE = asciiWord('on"');
const CLIC = asciiWord('clic');
const K_QUOTE = asciiWord('k"');

/** How events follow each other: lines, elements of an array, or one event that is the whole body. */
const LINES = 0;
const ELEMENTS = 1;
const SINGLE = 2;

/** Bodies up to this size are copied behind a view that is already there, which costs less than to make a view. */
const COPIED_BYTES_MAX = 16_384;
const IDENTIFIER_LENGTH_MAX = 128;
/** Positions of the id, merchant and placement are written to the end of a row, where no one reads. */
const UNREAD = 30;
const POSITIONS = Int32Array.from(EVENT_FIELDS, (_, id) =>
  id >= field.AD_ID && id <= field.USER_ID ? row.AD_START + (id - field.AD_ID) * 2 : UNREAD,
);
/** By field: all bits set when it is part of the dimension hash, else none; the id is part of no hash. */
const DIMENSION_MASKS = Int32Array.from(EVENT_FIELDS, (_, id) =>
  id >= field.AD_ID && id <= field.ADVERTISER_ID ? -1 : 0,
);
const CONTENT_MASKS = Int32Array.from(EVENT_FIELDS, (_, id) => (id === field.EVENT_ID ? 0 : -1));
/** A field that is not one of EVENT_FIELDS. */
const OTHER_FIELD = EVENT_FIELDS.length;

/**
 * Reads request bodies into rows. Events as publishers usually write them (known fields once each in any order, plain ASCII
 * text, plain integers, other fields with simple values) are read here, straight from the bytes and without an object each;
 * all others by EventParser, which alone decides that an event is invalid.
 */
export class EventScanner {
  readonly #parser: EventParser;
  readonly #splitter = new EventSplitter();
  readonly #fingerprint: Fingerprint;
  readonly #times = new TimeText();
  readonly #requiredBits: number;
  readonly #defaultCurrency: number;
  readonly #typeHashes: Int32Array;
  readonly #copy = new Uint8Array(COPIED_BYTES_MAX + AHEAD_BYTES);
  readonly #copyView = new DataView(this.#copy.buffer);
  /** The field that #readKey has found. */
  #field: number = OTHER_FIELD;

  /** `idSeed`: 32 secret bytes, the same for the life of the data directory. */
  constructor(format: EventFormat, idSeed: Uint8Array) {
    this.#fingerprint = new Fingerprint(idSeed);
    this.#parser = new EventParser(format, this.#fingerprint);
    this.#requiredBits = format.requiredFields.reduce(
      (bits, name) => bits | (1 << EVENT_FIELDS.indexOf(name)),
      0,
    );
    this.#defaultCurrency = packCurrency(format.defaultCurrency);
    this.#typeHashes = Int32Array.of(
      this.#fingerprint.number(field.EVENT_TYPE, 0),
      this.#fingerprint.number(field.EVENT_TYPE, 1),
    );
  }

  /**
   * Appends the events of `body` from `from` on to `batch`, one row each, until the batch is full or the body ends. Returns
   * where to go on: the body's length when all is read. Begin with 0 and call until it returns that (do … while: an empty
   * json body is one malformed event). The events are those of EventSplitter; the batch must have room for one.
   */
  scan(body: Uint8Array, format: BodyFormat, from: number, batch: EventBatch): number {
    assert(batch.count < batch.capacity, 'a batch given to the scanner has room');
    const isCopied = body.length <= COPIED_BYTES_MAX;
    if (isCopied) this.#copy.set(body);
    const view = isCopied ? this.#copyView : new DataView(body.buffer);
    const base = isCopied ? 0 : body.byteOffset;
    const layout = format === 'ndjson' ? LINES : from === 0 ? layoutOf(body) : ELEMENTS;
    let at = from;
    for (;;) {
      at = this.#scanSimple(view, base, body.length, layout, at, batch);
      if (batch.count === batch.capacity) return at;
      if (!this.#splitter.find(body, format, at)) return body.length;
      this.#parser.addRow(body, this.#splitter.start, this.#splitter.end, batch);
      at = this.#splitter.next;
      if (at === body.length || batch.count === batch.capacity) return at;
    }
  }

  /** Appends the row of the one event that stands from `start` to `end` of `body`, whatever it holds. */
  scanOne(body: Uint8Array, start: number, end: number, batch: EventBatch): void {
    this.#parser.addRow(body, start, end, batch);
  }

  /**
   * Reads simple events until one is not, and returns where that one is to be looked for. A position here is one of `view`,
   * where the body begins at `base`. This is the engine's hottest loop, and calls cost more than lines: hence its length.
   */
  // oxlint-disable-next-line max-lines-per-function -- see above
  #scanSimple(
    view: DataView,
    base: number,
    length: number,
    layout: number,
    from: number,
    batch: EventBatch,
  ): number {
    const { words, doubles, capacity } = batch;
    const { seeds, multiplier } = this.#fingerprint;
    const typeHashes = this.#typeHashes;
    const requiredBits = this.#requiredBits;
    const end = base + length;
    const aheadMax = view.byteLength - AHEAD_BYTES;
    const wordMax = view.byteLength - BEHIND_BYTES;
    let next = base + from;
    let count = batch.count;

    events: while (count < capacity && next < end) {
      const start = layout === LINES ? next : eventStart(view, next, base, end, layout);
      if (start > aheadMax || view.getUint8(start) !== BRACE_OPEN) break;
      const at = count * row.ROW_WORDS;
      const timeAt = count * row.ROW_DOUBLES + row.TIME_DOUBLE;
      const costAt = count * row.ROW_DOUBLES + row.COST_DOUBLE;
      doubles[costAt] = 0;
      let seen = 0;
      let present = 0;
      let content = 0;
      let dimension = 0;
      let isClick = 0;
      let currency = this.#defaultCurrency;
      let p = start;

      // Each turn begins on the brace or comma before a field and ends on the comma or brace behind it.
      for (;;) {
        p++;
        if (p > aheadMax) break events;
        if (view.getUint8(p) !== QUOTE) {
          p = skipSpace(view, p, aheadMax, layout);
          if (p >= aheadMax || view.getUint8(p) !== QUOTE) break events;
        }
        p++;
        let id =
          key.SLOTS[
            Math.imul(view.getInt32(p + key.SLOT_OFFSET, true), key.SLOT_MULTIPLIER) >>> key.SLOT_SHIFT
          ];
        const pattern = id * 4;
        const difference =
          ((view.getInt32(p, true) ^ key.WORDS[pattern]) & key.MASKS[pattern]) |
          ((view.getInt32(p + 4, true) ^ key.WORDS[pattern + 1]) & key.MASKS[pattern + 1]) |
          ((view.getInt32(p + 8, true) ^ key.WORDS[pattern + 2]) & key.MASKS[pattern + 2]) |
          ((view.getInt32(p + 12, true) ^ key.WORDS[pattern + 3]) & key.MASKS[pattern + 3]);
        let isNull = false;
        if (difference === 0) {
          p += key.LENGTHS[id];
        } else {
          p = this.#readKey(view, p, aheadMax, layout);
          if (p === NOT_SIMPLE) break events;
          id = this.#field;
          isNull = id === OTHER_FIELD || value.isNull(view, p);
          if (isNull) p = value.skipScalar(view, p);
          else if (key.IS_TEXT[id] === 1 && view.getUint8(p++) !== QUOTE) break events;
          if (p === NOT_SIMPLE || p > aheadMax) break events;
        }

        const bit = 1 << id;
        if ((seen & bit) !== 0 && id !== OTHER_FIELD) break events;
        seen |= bit;
        if (isNull) {
          // Nothing to read: a field of the publisher's own, or one that is absent.
        } else if (id === field.EVENT_TYPE) {
          const first = view.getInt32(p, true);
          const second = view.getInt32(p + 4, true);
          if (first === IMPR && second === ESSI && (view.getInt32(p + 8, true) & 0xffffff) === ON_QUOTE)
            p += 11;
          else if (first === CLIC && (second & 0xffff) === K_QUOTE) p += 6;
          else break events;
          isClick = first === CLIC ? 1 : 0;
          present |= bit;
        } else if (id === field.EVENT_TIME) {
          if (view.getUint8(p) === QUOTE) p = this.#times.read(view, p + 1, doubles, timeAt);
          else p = value.readInteger(view, p, doubles, timeAt);
          if (p === NOT_SIMPLE || doubles[timeAt] > LAST_UNIX_MS) break events;
          present |= bit;
        } else if (id === field.COST_MICROS) {
          const costEnd = value.readInteger(view, p, doubles, costAt);
          if (costEnd !== NOT_SIMPLE) present |= bit;
          else if (!value.isNull(view, p)) break events;
          p = costEnd === NOT_SIMPLE ? p + 4 : costEnd;
        } else if (id === field.CURRENCY_CODE) {
          const word = view.getInt32(p, true);
          if (word >>> 24 !== QUOTE || !areCapitals(word & 0xffffff)) break events;
          currency = ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff);
          p += 4;
          present |= bit;
        } else if (id === field.EVENT_ID && value.readUuid(view, p, words, at + row.ID)) {
          p += 37;
          present |= bit;
        } else {
          const textStart = p;
          let hash = seeds[id];
          let word = 0;
          let marks = 0;
          for (;;) {
            if (p > wordMax) break events;
            word = view.getInt32(p, true);
            marks = specialBytes(word);
            if (marks !== 0) break;
            hash = mixWord(hash, word, multiplier);
            p += 4;
          }
          const rest = bytesBelow(marks) * 8;
          if (((word >>> rest) & 0xff) !== QUOTE) break events;
          p += rest >>> 3;
          const size = p - textStart;
          if ((size - 1) >>> 0 >= IDENTIFIER_LENGTH_MAX) break events;
          hash = finishHash(mixWord(hash, word & ((1 << rest) - 1), multiplier), size);
          content = (content + (hash & CONTENT_MASKS[id])) | 0;
          dimension = (dimension + (hash & DIMENSION_MASKS[id])) | 0;
          words[at + POSITIONS[id]] = textStart - base;
          words[at + POSITIONS[id] + 1] = p - base;
          if (id === field.EVENT_ID) this.#hashId(view, textStart, p, words, at + row.ID);
          p++;
          present |= bit;
        }

        if (p > wordMax) break events;
        const behind = view.getUint8(p);
        if (behind === COMMA) continue;
        if (behind === BRACE_CLOSE) break;
        p = skipSpace(view, p, aheadMax, layout);
        const later = view.getUint8(p);
        if (later === BRACE_CLOSE) break;
        if (later !== COMMA) break events;
      }
      p++;
      if (p > end || (present & requiredBits) !== requiredBits) break;
      const after = layout === LINES ? lineBehind(view, p, end) : eventBehind(view, p, end, layout);
      if (after === NOT_SIMPLE) break;

      const currencyHash = numberHash(seeds[field.CURRENCY_CODE], currency, multiplier);
      const timeHash = numberHash(seeds[field.EVENT_TIME], doubles[timeAt], multiplier);
      const costHash = numberHash(seeds[field.COST_MICROS], doubles[costAt], multiplier);
      content += typeHashes[isClick] + timeHash + costHash + currencyHash;
      dimension += currencyHash;
      words[at + row.CONTENT] = finishHash(content, 0);
      words[at + row.DIMENSION_HASH] = finishHash(dimension, 0);
      words[at + row.FAULT] = 0;
      words[at + row.FAULT_FIELD] = 0;
      words[at + row.IS_CLICK] = isClick;
      words[at + row.START] = start - base;
      words[at + row.END] = p - base;
      words[at + row.IN_TEXT] = 0;
      words[at + row.CURRENCY] = currency;
      next = after;
      count++;
    }
    batch.count = count;
    return next - base;
  }

  /**
   * Reads a key that does not stand there as KEYS has it: a field of the publisher's own, white space before the value, or
   * null. Returns where the value begins and leaves the field in #field.
   */
  #readKey(view: DataView, from: number, aheadMax: number, layout: number): number {
    const quote = value.simpleStringEnd(view, from);
    if (quote === NOT_SIMPLE || quote >= aheadMax) return NOT_SIMPLE;
    this.#field = key.fieldNamed(view, from, quote);
    const colon = skipSpace(view, quote + 1, aheadMax, layout);
    if (view.getUint8(colon) !== COLON) return NOT_SIMPLE;
    const at = skipSpace(view, colon + 1, aheadMax, layout);
    return at <= aheadMax ? at : NOT_SIMPLE;
  }

  #hashId(view: DataView, start: number, end: number, words: Int32Array, offset: number): void {
    const id = new Uint8Array(view.buffer, start, end - start);
    this.#fingerprint.writeHashedId(id, words, offset);
  }
}

function layoutOf(body: Uint8Array): number {
  let at = 0;
  while (at < body.length && isSpace(body[at])) at++;
  return body[at] === ARRAY_OPEN ? ELEMENTS : SINGLE;
}

/** Where an event of a json body may begin; `next` is the body's begin, a comma or the end of the array. */
function eventStart(view: DataView, next: number, base: number, end: number, layout: number): number {
  let at = next;
  if (next === base) at = skipSpace(view, at, end, layout);
  if (layout === SINGLE) return at;
  // The bracket that opens the array, a comma, or the bracket that closes it.
  if (next !== base && view.getUint8(at) !== COMMA) return at;
  return skipSpace(view, at + 1, end, layout);
}

/** Where to look for the event after one that ended at `at`. */
function lineBehind(view: DataView, at: number, end: number): number {
  if (at === end) return end;
  const byte = view.getUint8(at);
  if (byte === NEWLINE) return at + 1;
  if (byte !== RETURN) return NOT_SIMPLE;
  if (at + 1 === end) return end;
  return view.getUint8(at + 1) === NEWLINE ? at + 2 : NOT_SIMPLE;
}

function eventBehind(view: DataView, from: number, end: number, layout: number): number {
  const at = skipSpace(view, from, end, layout);
  if (layout === SINGLE) return at === end ? end : NOT_SIMPLE;
  if (at === end) return NOT_SIMPLE;
  const byte = view.getUint8(at);
  return byte === COMMA || byte === ARRAY_CLOSE ? at : NOT_SIMPLE;
}

/** Passes white space within an event, at most to `last`; a line end ends a line's event. */
function skipSpace(view: DataView, from: number, last: number, layout: number): number {
  let at = from;
  while (at < last) {
    const byte = view.getUint8(at);
    if (!isSpace(byte) || (byte === NEWLINE && layout === LINES)) break;
    at++;
  }
  return at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/** Whether the three low bytes are capital letters; a borrow only follows a byte that is none. */
function areCapitals(letters: number): boolean {
  return (((letters - 0x414141) | (0x5a5a5a - letters)) & 0x808080) === 0;
}
