import {
  type AdEvent,
  EVENT_FIELDS,
  type EventFormat,
  type EventReading,
  parseAdEvent,
} from '../../model/ad-event.ts';
import { INVALID_CODES } from '../../model/verdict.ts';
import * as row from './event-batch.ts';
import type { EventBatch } from './event-batch.ts';
import * as field from './fingerprint.ts';
import { type Fingerprint, finishHash } from './fingerprint.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** An identifier is at most 128 code points of up to four bytes. */
const IDENTIFIER_BYTES_MAX = 512;

/**
 * The deciding way from an event's bytes to a row: through JSON.parse. EventScanner reads the common events by itself,
 * leaves the others to this, and must write what this would write.
 */
export class EventParser {
  readonly #format: EventFormat;
  readonly #fingerprint: Fingerprint;
  readonly #encoder = new TextEncoder();
  readonly #scratch = new Uint8Array(IDENTIFIER_BYTES_MAX);
  readonly #scratchView = new DataView(this.#scratch.buffer);

  constructor(format: EventFormat, fingerprint: Fingerprint) {
    this.#format = format;
    this.#fingerprint = fingerprint;
  }

  /** What the bytes of one event say; for messages about events that are not valid. */
  read(event: Uint8Array): EventReading {
    return parseAdEvent(event, this.#format);
  }

  /** Appends the row of the event from `start` to `end` of `body`. */
  addRow(body: Uint8Array, start: number, end: number, batch: EventBatch): void {
    const { words } = batch;
    const base = batch.count++ * row.ROW_WORDS;
    words[base + row.START] = start;
    words[base + row.END] = end;
    const reading = this.read(body.subarray(start, end));
    if (reading.ok) {
      words[base + row.FAULT] = 0;
      words[base + row.FAULT_FIELD] = 0;
      this.#writeEvent(reading.event, batch, base);
    } else {
      const { code, field: faulty } = reading.problem;
      words[base + row.FAULT] = INVALID_CODES.indexOf(code) + 1;
      words[base + row.FAULT_FIELD] = faulty === null ? 0 : EVENT_FIELDS.indexOf(faulty) + 1;
    }
  }

  #writeEvent(event: AdEvent, batch: EventBatch, base: number): void {
    const { words, doubles } = batch;
    const hash = this.#fingerprint;
    this.#writeId(event.eventId, words, base + row.ID);
    this.#keep(event.eventId, batch, base + row.ID_START);
    words[base + row.IS_CLICK] = event.eventType === 'click' ? 1 : 0;
    words[base + row.IN_TEXT] = 1;
    const currency = packCurrency(event.currency);
    words[base + row.CURRENCY] = currency;
    doubles[base / 2 + row.TIME_DOUBLE] = event.eventTime;
    doubles[base / 2 + row.COST_DOUBLE] = event.costMicros;

    const dimension =
      this.#addText(field.AD_ID, event.adId, batch, base + row.AD_START) +
      this.#addText(field.CAMPAIGN_ID, event.campaignId, batch, base + row.CAMPAIGN_START) +
      this.#addText(field.ADVERTISER_ID, event.advertiserId, batch, base + row.ADVERTISER_START) +
      hash.number(field.CURRENCY_CODE, currency);
    const user = this.#addText(field.USER_ID, event.userId, batch, base + row.USER_START);
    words[base + row.USER_HASH] = user;
    const content =
      dimension +
      user +
      this.#addMerchant(event.merchantId, batch, base + row.MERCHANT_START) +
      this.#hashOptional(field.PLACEMENT, event.placement) +
      hash.number(field.EVENT_TYPE, words[base + row.IS_CLICK]) +
      hash.number(field.EVENT_TIME, event.eventTime) +
      hash.number(field.COST_MICROS, event.costMicros);
    words[base + row.DIMENSION_HASH] = finishHash(dimension, 0);
    words[base + row.CONTENT] = finishHash(content, 0);
  }

  #writeId(id: string, words: Int32Array, offset: number): void {
    if (!UUID.test(id)) return this.#fingerprint.writeHashedId(this.#encoder.encode(id), words, offset);
    const digits = id.replaceAll('-', '');
    for (let word = 0; word < 4; word++) {
      words[offset + word] = Number.parseInt(digits.slice(word * 8, word * 8 + 8), 16);
    }
  }

  /** Keeps the text of an identifier in the batch, writes its positions at `offset` and returns its hash. */
  #addText(id: number, text: string, batch: EventBatch, offset: number): number {
    return this.#fingerprint.text(id, this.#scratchView, 0, this.#keep(text, batch, offset));
  }

  /** Like #addText; an absent merchant has the positions 0 and adds nothing. */
  #addMerchant(merchant: string | null, batch: EventBatch, offset: number): number {
    if (merchant !== null) return this.#addText(field.MERCHANT_ID, merchant, batch, offset);
    batch.words[offset] = 0;
    batch.words[offset + 1] = 0;
    return 0;
  }

  /** Keeps a text in the batch, and in the scratch buffer until the next one. Returns its bytes. */
  #keep(text: string, batch: EventBatch, offset: number): number {
    const length = this.#encode(text);
    const start = batch.addText(this.#scratch.subarray(0, length));
    batch.words[offset] = start;
    batch.words[offset + 1] = start + length;
    return length;
  }

  #hashOptional(id: number, text: string | null): number {
    if (text === null) return 0;
    return this.#fingerprint.text(id, this.#scratchView, 0, this.#encode(text));
  }

  #encode(text: string): number {
    return this.#encoder.encodeInto(text, this.#scratch).written;
  }
}

/** Three ASCII letters in the low 24 bits, first letter highest. */
export function packCurrency(code: string): number {
  return (code.charCodeAt(0) << 16) | (code.charCodeAt(1) << 8) | code.charCodeAt(2);
}
