import { EVENT_FIELDS, type EventField } from '../model/ad-event.ts';
import type { Random } from './random.ts';

/** An event of generated traffic, as numbers: what is written as JSON follows from them alone. */
export interface EventDraft {
  /** The event id as four words: a UUID. */
  id0: number;
  id1: number;
  id2: number;
  id3: number;
  isClick: boolean;
  eventTime: number;
  ad: number;
  user: number;
  placement: number;
  costMicros: number;
}

const ADS_PER_CAMPAIGN = 4;
const CAMPAIGNS_PER_ADVERTISER = 5;
/** No event of this writer is longer. */
const EVENT_BYTES_MAX = 512;

const encoder = new TextEncoder();
const HEX = encoder.encode('0123456789abcdef');
const KEYS = Object.fromEntries(
  EVENT_FIELDS.map((field) => [field, encoder.encode(`"${field}":`)]),
) as Record<EventField, Uint8Array>;
const IMPRESSION = encoder.encode('"impression"');
const CLICK = encoder.encode('"click"');
const PLACEMENTS = ['search', 'home', 'menu', 'checkout'].map((name) => encoder.encode(`"${name}"`));
const PREFIX = {
  ad: encoder.encode('"ad-'),
  campaign: encoder.encode('"campaign-'),
  advertiser: encoder.encode('"advertiser-'),
  user: encoder.encode('"user-'),
  merchant: encoder.encode('"merchant-'),
};

export const PLACEMENT_COUNT = PLACEMENTS.length;

/** Writes events as NDJSON into one growing buffer, byte by byte: a multiple of what JSON.stringify does. */
export class EventWriter {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;
  readonly #orders: readonly (readonly EventField[])[];
  readonly #random: Random;
  readonly #currency: Uint8Array;

  /** `fieldOrders`: how many different orders of the fields occur; 1 is the order of EVENT_FIELDS. */
  constructor(currency: string, fieldOrders: number, random: Random) {
    this.#currency = encoder.encode(JSON.stringify(currency));
    this.#random = random;
    this.#orders = Array.from({ length: fieldOrders }, (_, index) =>
      index === 0 ? EVENT_FIELDS : shuffled(EVENT_FIELDS, random),
    );
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written since `clear`; valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes one event and the end of its line. */
  event(draft: EventDraft): void {
    this.#reserve(EVENT_BYTES_MAX);
    const orders = this.#orders;
    const order = orders.length === 1 ? orders[0] : orders[this.#random.below(orders.length)];
    let opening = 0x7b;
    for (const field of order) {
      this.#bytes[this.#length++] = opening;
      this.#text(KEYS[field]);
      this.#value(field, draft);
      opening = 0x2c;
    }
    this.#bytes[this.#length++] = 0x7d;
    this.#bytes[this.#length++] = 0x0a;
  }

  /** Writes a line as it is, and its end. */
  line(bytes: Uint8Array): void {
    this.#reserve(bytes.length + 1);
    this.#text(bytes);
    this.#bytes[this.#length++] = 0x0a;
  }

  #value(field: EventField, draft: EventDraft): void {
    switch (field) {
      case 'eventId':
        return this.#uuid(draft);
      case 'eventType':
        return this.#text(draft.isClick ? CLICK : IMPRESSION);
      case 'eventTime':
        return this.#decimal(draft.eventTime);
      case 'adId':
        return this.#name(PREFIX.ad, draft.ad);
      case 'campaignId':
        return this.#name(PREFIX.campaign, campaignOf(draft.ad));
      case 'advertiserId':
        return this.#name(PREFIX.advertiser, advertiserOf(draft.ad));
      case 'userId':
        return this.#name(PREFIX.user, draft.user);
      case 'merchantId':
        return this.#name(PREFIX.merchant, advertiserOf(draft.ad));
      case 'placement':
        return this.#text(PLACEMENTS[draft.placement]);
      case 'costMicros':
        return this.#decimal(draft.costMicros);
      default:
        return this.#text(this.#currency);
    }
  }

  #name(prefix: Uint8Array, number: number): void {
    this.#text(prefix);
    this.#decimal(number);
    this.#bytes[this.#length++] = 0x22;
  }

  #text(text: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index++) bytes[at++] = text[index];
    this.#length = at;
  }

  /** A whole number from 0 to 2^53 − 1. Above 2^31 it goes in two halves, because whole 32-bit division is faster. */
  #decimal(value: number): void {
    if (value < 0x7fff_ffff) return this.#digits(value | 0, 1);
    const high = Math.floor(value / 1e7);
    this.#decimal(high);
    this.#digits((value - high * 1e7) | 0, 7);
  }

  #digits(value: number, width: number): void {
    let digits = width;
    for (let limit = 10 ** width; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const next = (rest / 10) | 0;
      this.#bytes[at] = 0x30 + rest - next * 10;
      rest = next;
    }
    this.#length += digits;
  }

  #uuid(draft: EventDraft): void {
    this.#bytes[this.#length++] = 0x22;
    this.#hex(draft.id0, 28, 0);
    this.#bytes[this.#length++] = 0x2d;
    this.#hex(draft.id1, 28, 16);
    this.#bytes[this.#length++] = 0x2d;
    this.#hex(draft.id1, 12, 0);
    this.#bytes[this.#length++] = 0x2d;
    this.#hex(draft.id2, 28, 16);
    this.#bytes[this.#length++] = 0x2d;
    this.#hex(draft.id2, 12, 0);
    this.#hex(draft.id3, 28, 0);
    this.#bytes[this.#length++] = 0x22;
  }

  #hex(word: number, from: number, to: number): void {
    for (let shift = from; shift >= to; shift -= 4) this.#bytes[this.#length++] = HEX[(word >>> shift) & 15];
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.written);
    this.#bytes = grown;
  }
}

function campaignOf(ad: number): number {
  return Math.floor(ad / ADS_PER_CAMPAIGN);
}

/** The advertiser, and merchant, of an ad. */
export function advertiserOf(ad: number): number {
  return Math.floor(ad / (ADS_PER_CAMPAIGN * CAMPAIGNS_PER_ADVERTISER));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}
