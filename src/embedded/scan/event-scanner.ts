import { assert } from '../../base/assert.ts';
import { EVENT_BYTES_MAX, EVENT_FIELDS, type EventFormat } from '../../model/ad-event.ts';
import { EventSplitter } from '../../model/request/event-splitter.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import type { BodyFormat } from '../../model/request/ingest.ts';
import * as bytes from './byte-words.ts';
import * as row from './event-batch.ts';
import type { EventBatch } from './event-batch.ts';
import { EventParser, packCurrency } from './event-parser.ts';
import * as key from './field-keys.ts';
import * as print from './fingerprint.ts';
import { Fingerprint } from './fingerprint.ts';
import * as value from './simple-values.ts';
import { AHEAD_BYTES, BEHIND_BYTES } from './simple-values.ts';
import { TimeText } from './time-text.ts';

// A module's own constants are folded into its code; imported ones are loaded and checked at every use.
const { bytesBelow, specialBytes } = bytes;
const { finishHash, mixWord, numberHash } = print;
const { AD_ID, ADVERTISER_ID, COST_MICROS, CURRENCY_CODE, EVENT_ID, EVENT_TIME, EVENT_TYPE, MERCHANT_ID } =
  print;
const { USER_ID } = print;
const { FIELD, IS_TEXT, PATTERN_START, PATTERN_END, PATTERN_LENGTH } = key;
const { SLOT_MULTIPLIER, SLOT_OFFSET, SLOT_SHIFT } = key;
const { CONTENT, COST_DOUBLE, CURRENCY, DIMENSION_HASH, END, FAULT, FAULT_FIELD, ID, IN_TEXT } = row;
const { ID_END, ID_START, IS_CLICK, MERCHANT_END, MERCHANT_START, ROW_DOUBLES, ROW_WORDS, START } = row;
const { TIME_DOUBLE, USER_HASH } = row;
const { isNull, NOT_SIMPLE, readInteger, readUuid, skipScalar } = value;
const TIME_MAX = LAST_UNIX_MS;

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
const IMPR = bytes.asciiWord('impr');
const ESSI = bytes.asciiWord('essi');
const ON_QUOTE = bytes.asciiWord('on"');
const CLIC = bytes.asciiWord('clic');
const K_QUOTE = bytes.asciiWord('k"');

/** How events follow each other: lines, elements of an array, or one event that is the whole body. */
const LINES = 0;
const ELEMENTS = 1;
const SINGLE = 2;

/** Bodies up to this size are copied behind a view that is already there, which costs less than to make a view. */
const COPIED_BYTES_MAX = 16_384;
const IDENTIFIER_LENGTH_MAX = 128;
/** What the scanner adds to an entry of the field table: the seed of the field's hash, … */
const SEED = key.OWN;
/** … where in a row its positions go: those that no one reads to the last words of the row, … */
const POSITION = key.OWN + 1;
const UNREAD_POSITION = ROW_WORDS - 2;
/** … all bits when it is part of the dimension hash, else none, … */
const DIMENSION_MASK = key.OWN + 2;
/** … and where in a row its hash goes. */
const HASH_POSITION = key.OWN + 3;
const UUID_BYTES = 36;
const LOW_2_BYTES = 0xffff;
const LOW_3_BYTES = 0xffffff;

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
  readonly #fields = key.makeFieldTable();
  readonly #copy = new Uint8Array(COPIED_BYTES_MAX + AHEAD_BYTES);
  readonly #copyView = new DataView(this.#copy.buffer);
  /** What #readKey has found besides a position. */
  #field = 0;
  #isPassed = false;
  #passedBit = 0;

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
      this.#fingerprint.number(EVENT_TYPE, 0),
      this.#fingerprint.number(EVENT_TYPE, 1),
    );
    EVENT_FIELDS.forEach((_, id) => {
      const entry = key.entryOf(id);
      const isRead = id >= AD_ID && id <= USER_ID;
      this.#fields[entry + SEED] = this.#fingerprint.seeds[id];
      this.#fields[entry + POSITION] = isRead ? row.AD_START + (id - AD_ID) * 2 : UNREAD_POSITION;
      if (id === EVENT_ID) this.#fields[entry + POSITION] = ID_START;
      if (id === MERCHANT_ID) this.#fields[entry + POSITION] = MERCHANT_START;
      this.#fields[entry + HASH_POSITION] = id === USER_ID ? USER_HASH : UNREAD_POSITION;
      this.#fields[entry + DIMENSION_MASK] = id >= AD_ID && id <= ADVERTISER_ID ? -1 : 0;
    });
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
   * where the body begins at `base`. This is the engine's hottest loop: calls and look-ups cost more than lines, hence its
   * length, and `| 0` keeps positions 32-bit integers where the compiler would not know.
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
    const { words, doubles } = batch;
    const capacity = batch.capacity | 0;
    const fields = this.#fields;
    const typeHashes = this.#typeHashes;
    const { seeds } = this.#fingerprint;
    const multiplier = this.#fingerprint.multiplier | 0;
    const defaultCurrency = this.#defaultCurrency | 0;
    const requiredBits = this.#requiredBits | 0;
    const end = (base + length) | 0;
    const aheadMax = (view.byteLength - AHEAD_BYTES) | 0;
    const wordMax = (view.byteLength - BEHIND_BYTES) | 0;
    let next = (base + from) | 0;
    let count = batch.count | 0;

    events: while (count < capacity && next < end) {
      const start = layout === LINES ? next : eventStart(view, next, base, end, layout) | 0;
      if (start > aheadMax || view.getUint8(start) !== BRACE_OPEN) break;
      const at = Math.imul(count, ROW_WORDS);
      const timeAt = (Math.imul(count, ROW_DOUBLES) + TIME_DOUBLE) | 0;
      const costAt = (Math.imul(count, ROW_DOUBLES) + COST_DOUBLE) | 0;
      doubles[costAt] = 0;
      words[at + MERCHANT_START] = 0;
      words[at + MERCHANT_END] = 0;
      let seen = 0;
      let absent = 0;
      let content = 0;
      let dimension = 0;
      let isClick = 0;
      let currency = defaultCurrency;
      let p = start;

      // Each turn begins on the brace or comma before a field and ends on the comma or brace behind it.
      for (;;) {
        p = (p + 1) | 0;
        if (p > aheadMax) break events;
        const slot = Math.imul(view.getInt32((p + SLOT_OFFSET) | 0, true), SLOT_MULTIPLIER) >>> SLOT_SHIFT;
        let entry = fields[slot];
        const behindKey = (p + fields[(entry + PATTERN_LENGTH) | 0]) | 0;
        const difference =
          (view.getInt32(p, true) ^ fields[(entry + PATTERN_START) | 0]) |
          (view.getInt32((p + 4) | 0, true) ^ fields[(entry + PATTERN_START + 1) | 0]) |
          (view.getInt32((behindKey - 8) | 0, true) ^ fields[(entry + PATTERN_END) | 0]) |
          (view.getInt32((behindKey - 4) | 0, true) ^ fields[(entry + PATTERN_END + 1) | 0]);
        value: {
          if (difference === 0) {
            p = behindKey;
          } else {
            p = this.#readKey(view, p, aheadMax, layout) | 0;
            if (p === NOT_SIMPLE) break events;
            entry = key.entryOf(this.#field) | 0;
            if (this.#isPassed) {
              if ((seen & this.#passedBit) !== 0) break events;
              seen |= this.#passedBit;
              absent |= this.#passedBit;
              break value;
            }
          }
          const field = fields[(entry + FIELD) | 0];
          const bit = 1 << field;
          if ((seen & bit) !== 0) break events;
          seen |= bit;

          if (field === EVENT_TYPE) {
            const first = view.getInt32(p, true);
            const second = view.getInt32((p + 4) | 0, true);
            const third = view.getInt32((p + 8) | 0, true) & LOW_3_BYTES;
            if (first === IMPR && second === ESSI && third === ON_QUOTE) {
              p = (p + 11) | 0;
            } else if (first === CLIC && (second & LOW_2_BYTES) === K_QUOTE) {
              isClick = 1;
              p = (p + 6) | 0;
            } else {
              break events;
            }
            break value;
          }
          if (field === EVENT_TIME) {
            const isText = view.getUint8(p) === QUOTE;
            if (isText) p = this.#times.read(view, (p + 1) | 0, doubles, timeAt) | 0;
            else p = readInteger(view, p, doubles, timeAt) | 0;
            if (p === NOT_SIMPLE || doubles[timeAt] > TIME_MAX) break events;
            break value;
          }
          if (field === COST_MICROS) {
            const behindCost = readInteger(view, p, doubles, costAt) | 0;
            if (behindCost === NOT_SIMPLE) {
              if (!isNull(view, p)) break events;
              absent |= bit;
              p = skipScalar(view, p) | 0;
            } else {
              p = behindCost;
            }
            break value;
          }
          if (field === CURRENCY_CODE) {
            const word = view.getInt32(p, true);
            if (word >>> 24 !== QUOTE || !areCapitals(word & LOW_3_BYTES)) break events;
            currency = ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff);
            p = (p + 4) | 0;
            break value;
          }
          if (field === EVENT_ID && readUuid(view, p, words, (at + ID) | 0)) {
            words[at + ID_START] = p - base;
            words[at + ID_END] = (p - base + UUID_BYTES) | 0;
            p = (p + UUID_BYTES + 1) | 0;
            break value;
          }

          // Text: hashed by words of four bytes while its closing quote is looked for.
          const textStart = p;
          let hash = fields[(entry + SEED) | 0];
          let word = 0;
          let marks = 0;
          for (;;) {
            if (p > wordMax) break events;
            word = view.getInt32(p, true);
            marks = specialBytes(word);
            if (marks !== 0) break;
            hash = mixWord(hash, word, multiplier);
            p = (p + 4) | 0;
          }
          const rest = bytesBelow(marks) << 3;
          if (((word >>> rest) & 0xff) !== QUOTE) break events;
          p = (p + (rest >>> 3)) | 0;
          const size = (p - textStart) | 0;
          if (size === 0 || size > IDENTIFIER_LENGTH_MAX) break events;
          const position = (at + fields[(entry + POSITION) | 0]) | 0;
          words[position] = textStart - base;
          words[(position + 1) | 0] = p - base;
          if (field === EVENT_ID) {
            this.#hashId(view, textStart, p, words, (at + ID) | 0);
          } else {
            hash = finishHash(mixWord(hash, word & ((1 << rest) - 1), multiplier), size);
            words[(at + fields[(entry + HASH_POSITION) | 0]) | 0] = hash;
            content = (content + hash) | 0;
            dimension = (dimension + (hash & fields[(entry + DIMENSION_MASK) | 0])) | 0;
          }
          p = (p + 1) | 0;
        }

        if (p > wordMax) break events;
        const behind = view.getUint8(p);
        if (behind === COMMA) continue;
        if (behind === BRACE_CLOSE) break;
        p = skipSpace(view, p, aheadMax, layout) | 0;
        const later = view.getUint8(p);
        if (later === BRACE_CLOSE) break;
        if (later !== COMMA) break events;
      }
      p = (p + 1) | 0;
      if (p > end || p - start > EVENT_BYTES_MAX) break;
      if ((seen & ~absent & requiredBits) !== requiredBits) break;
      const after = (layout === LINES ? lineBehind(view, p, end) : eventBehind(view, p, end, layout)) | 0;
      if (after === NOT_SIMPLE) break;

      const currencyHash = numberHash(seeds[CURRENCY_CODE], currency, multiplier);
      const timeHash = numberHash(seeds[EVENT_TIME], doubles[timeAt], multiplier);
      const costHash = numberHash(seeds[COST_MICROS], doubles[costAt], multiplier);
      content = (content + typeHashes[isClick] + timeHash + costHash + currencyHash) | 0;
      words[at + CONTENT] = finishHash(content, 0);
      words[at + DIMENSION_HASH] = finishHash((dimension + currencyHash) | 0, 0);
      words[at + FAULT] = 0;
      words[at + FAULT_FIELD] = 0;
      words[at + IS_CLICK] = isClick;
      words[at + START] = start - base;
      words[at + END] = p - base;
      words[at + IN_TEXT] = 0;
      words[at + CURRENCY] = currency;
      next = after;
      count = (count + 1) | 0;
    }
    batch.count = count;
    return next - base;
  }

  /**
   * Reads a key that is not followed as its pattern says. Behind white space, leaves the field in #field and returns where
   * its value is to be read. A value that says nothing, of another field or null, is passed: #isPassed, #passedBit.
   */
  #readKey(view: DataView, from: number, aheadMax: number, layout: number): number {
    const quote = skipSpace(view, from, aheadMax, layout);
    if (quote >= aheadMax || view.getUint8(quote) !== QUOTE) return NOT_SIMPLE;
    const keyEnd = value.simpleStringEnd(view, quote + 1);
    if (keyEnd === NOT_SIMPLE || keyEnd >= aheadMax) return NOT_SIMPLE;
    const colon = skipSpace(view, keyEnd + 1, aheadMax, layout);
    if (view.getUint8(colon) !== COLON) return NOT_SIMPLE;
    const at = skipSpace(view, colon + 1, aheadMax, layout);
    if (at > aheadMax) return NOT_SIMPLE;

    const field = key.fieldNamed(view, quote + 1, keyEnd);
    const isOther = field === EVENT_FIELDS.length;
    this.#field = field;
    this.#isPassed = isOther || isNull(view, at);
    this.#passedBit = isOther ? 0 : 1 << field;
    if (this.#isPassed) return skipScalar(view, at);
    if (this.#fields[key.entryOf(field) + IS_TEXT] === 0) return at;
    return view.getUint8(at) === QUOTE ? at + 1 : NOT_SIMPLE;
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
