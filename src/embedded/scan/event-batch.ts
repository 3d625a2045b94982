import { assert } from '../../base/assert.ts';

/**
 * Scanned events as rows of 32-bit words, 128 bytes each: no object per event, and one cache line pair per row.
 * Word offsets within a row; `time` and `cost` are 64-bit floats, so their offsets count 8-byte units of the row.
 */
export const ROW_WORDS = 32;
export const ROW_DOUBLES = ROW_WORDS / 2;

/** Four words: the event id as 128 bits. A lower-case UUID is its own bits; any other id is a keyed hash. */
export const ID = 0;
/** 32-bit fingerprint of the interpreted fields but the id: tells `duplicate` from `conflict`. */
export const CONTENT = 4;
/** 0 when valid; else index in INVALID_CODES + 1. */
export const FAULT = 5;
/** 0, or index in EVENT_FIELDS + 1 of the field at fault. */
export const FAULT_FIELD = 6;
/** 0 impression, 1 click. */
export const IS_CLICK = 7;
/** Where the event's bytes stand in the body: from START inclusive to END exclusive. */
export const START = 8;
export const END = 9;
/** 0: the text positions below refer to the body; 1: to `text` of the batch (unescaped by the slow path). */
export const IN_TEXT = 10;
/** Three ASCII letters in the low 24 bits, first letter highest. */
export const CURRENCY = 11;
/** UTF-8 positions, start inclusive and end exclusive, of the identifiers later stages need. */
export const AD_START = 12;
export const AD_END = 13;
export const CAMPAIGN_START = 14;
export const CAMPAIGN_END = 15;
export const ADVERTISER_START = 16;
export const ADVERTISER_END = 17;
export const USER_START = 18;
export const USER_END = 19;
/** Event time, Unix ms, at double 10 of the row (words 20 and 21). */
export const TIME_DOUBLE = 10;
/** Cost in micros, at double 11 of the row (words 22 and 23). */
export const COST_DOUBLE = 11;
/** 32-bit hash of ad, campaign, advertiser and currency, for the dimension table. */
export const DIMENSION_HASH = 24;
/** UTF-8 positions of the event id's text. */
export const ID_START = 25;
export const ID_END = 26;
/** UTF-8 positions of the merchant; both 0 when there is none. */
export const MERCHANT_START = 27;
export const MERCHANT_END = 28;
/** Fingerprint of the user id's text: equal texts have equal ones, other texts seldom. */
export const USER_HASH = 29;

/** A reusable block of rows. Invalid rows have only FAULT, FAULT_FIELD, START and END set. */
export class EventBatch {
  readonly capacity: number;
  /** Rows filled. */
  count = 0;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Unescaped UTF-8 of the rows with IN_TEXT; grows as needed. */
  text: Uint8Array = new Uint8Array(4096);
  textView = new DataView(this.text.buffer);
  textLength = 0;

  constructor(capacity: number) {
    assert(capacity > 0, `an event batch needs room, got ${capacity}`);
    this.capacity = capacity;
    const buffer = new ArrayBuffer(capacity * ROW_WORDS * 4);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }

  clear(): void {
    this.count = 0;
    this.textLength = 0;
  }

  /** The id of the valid event in row `row`, whose body is `body`. */
  eventId(body: Uint8Array, row: number): string {
    const at = row * ROW_WORDS;
    const source = this.words[at + IN_TEXT] === 0 ? body : this.text;
    const start = this.words[at + ID_START];
    return Buffer.from(source.buffer, source.byteOffset + start, this.words[at + ID_END] - start).toString();
  }

  /** Appends UTF-8 bytes to `text`; returns where they start. */
  addText(bytes: Uint8Array): number {
    const start = this.textLength;
    if (start + bytes.length > this.text.length) {
      const grown = new Uint8Array(Math.max(this.text.length * 2, start + bytes.length));
      grown.set(this.text);
      this.text = grown;
      this.textView = new DataView(grown.buffer);
    }
    this.text.set(bytes, start);
    this.textLength = start + bytes.length;
    return start;
  }
}
