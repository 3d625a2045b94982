import { assert } from '../../base/assert.ts';
import {
  AD_END,
  AD_START,
  ADVERTISER_END,
  ADVERTISER_START,
  CAMPAIGN_END,
  CAMPAIGN_START,
  CURRENCY,
  DIMENSION_HASH,
  IN_TEXT,
  ROW_WORDS,
  type EventBatch,
} from '../scan/event-batch.ts';

/** What one event says of its cell. */
export interface Dimension {
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
}

/** Words of an entry: where its text begins, the lengths of ad, campaign and advertiser, currency, hash, cell key. */
const ENTRY_WORDS = 8;
const TEXT_AT = 0;
const AD_LENGTH = 1;
const CAMPAIGN_LENGTH = 2;
const ADVERTISER_LENGTH = 3;
const ENTRY_CURRENCY = 4;
const ENTRY_HASH = 5;
const KEY = 6;

/**
 * Gives each distinct (ad, campaign, advertiser, currency) a small number, its reference, and each (ad, currency) the
 * reference of its first appearance as key: cells are found by key. Texts are compared byte by byte, so a hash decides nothing.
 */
export class DimensionTable {
  readonly #seed: number;
  #count = 0;
  #entries = new Int32Array(1024 * ENTRY_WORDS);
  #text = new Uint8Array(1 << 16);
  #textLength = 0;
  /** What warm() has read: keeps the reading from being optimized away. */
  warmed = 0;
  /** What was described before, by reference. */
  readonly #described: Dimension[] = [];
  /** Open addressing, references + 1; one table by the whole dimension, one by ad and currency. */
  #byDimension = new Int32Array(4096);
  #byKey = new Int32Array(4096);

  /** `seed` is secret, so that nobody outside can choose ads that collide. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return (
      this.#entries.byteLength + this.#text.byteLength + this.#byDimension.byteLength + this.#byKey.byteLength
    );
  }

  /**
   * Brings what intern() will read for `rows[0 … count)` into the cache, one stage after the other for all of them: so their
   * cache misses overlap, where look-ups would wait for each. Puts their likely references into `likely`, −1 where there is none.
   */
  warm(words: Int32Array, rows: Int32Array, count: number, likely: Int32Array): void {
    const table = this.#byDimension;
    const mask = table.length - 1;
    for (let n = 0; n < count; n++) {
      likely[n] = table[spread(words[rows[n] * ROW_WORDS + DIMENSION_HASH]) & mask] - 1;
    }
    let touched = 0;
    for (let n = 0; n < count; n++) touched ^= this.#entries[Math.max(0, likely[n]) * ENTRY_WORDS];
    for (let n = 0; n < count; n++) {
      touched ^= this.#text[this.#entries[Math.max(0, likely[n]) * ENTRY_WORDS + TEXT_AT]];
    }
    this.warmed = touched;
  }

  /** The reference of the dimension of row `row`; makes one when it is new. */
  intern(batch: EventBatch, body: Uint8Array, row: number): number {
    const words = batch.words;
    const at = row * ROW_WORDS;
    const source = words[at + IN_TEXT] === 0 ? body : batch.text;
    const hash = words[at + DIMENSION_HASH];
    const table = this.#byDimension;
    const mask = table.length - 1;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const reference = table[slot] - 1;
      if (reference < 0) return this.#add(source, words, at, slot);
      if (this.#isSame(reference, source, words, at)) return reference;
    }
  }

  /** The key under which cells of this dimension's ad and currency are found. */
  keyOf(reference: number): number {
    return this.#entries[reference * ENTRY_WORDS + KEY];
  }

  /** What the reference stands for. */
  describe(reference: number): Dimension {
    return (this.#described[reference] ??= this.#describe(reference));
  }

  /** A test of references that tells those with the given fields; the fields are compared once, not per use. */
  matching(wanted: { readonly [Field in keyof Dimension]?: string | undefined }): (
    reference: number,
  ) => boolean {
    const tests = (['adId', 'campaignId', 'advertiserId', 'currency'] as const).filter(
      (field) => wanted[field] !== undefined,
    );
    if (tests.length === 0) return () => true;
    const known: boolean[] = [];
    return (reference) =>
      (known[reference] ??= tests.every((field) => this.describe(reference)[field] === wanted[field]));
  }

  /** Whether `a` has the greater (campaign, advertiser) than `b`, compared as UTF-8 bytes: the one a record shows. */
  isGreater(a: number, b: number): boolean {
    const order =
      this.#compare(a, b, AD_LENGTH, CAMPAIGN_LENGTH) ||
      this.#compare(a, b, CAMPAIGN_LENGTH, ADVERTISER_LENGTH);
    return order > 0;
  }

  /** The entries from reference `from` up to `to`, and their texts, for a snapshot. */
  dump(from: number, to: number): { entries: Int32Array; text: Uint8Array } {
    const textFrom = from === 0 ? 0 : this.#textEnd(from - 1);
    const textTo = to === 0 ? 0 : this.#textEnd(to - 1);
    return {
      entries: this.#entries.slice(from * ENTRY_WORDS, to * ENTRY_WORDS),
      text: this.#text.slice(textFrom, textTo),
    };
  }

  /** Puts back texts as dump() gave them; their entries follow. */
  loadText(text: Uint8Array): void {
    this.#reserveText(text.length);
    this.#text.set(text, this.#textLength);
    this.#textLength += text.length;
  }

  /** Puts back entries as dump() gave them, in the order in which they were made. */
  loadEntries(entries: Int32Array): void {
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) {
      const reference = this.#count;
      this.#entries.set(entries.subarray(at, at + ENTRY_WORDS), reference * ENTRY_WORDS);
      insert(this.#byDimension, spread(entries[at + ENTRY_HASH]), reference);
      if (entries[at + KEY] === reference) insert(this.#byKey, this.#keyHash(reference), reference);
      this.#count++;
      this.#reserveEntry();
    }
  }

  #describe(reference: number): Dimension {
    const entry = reference * ENTRY_WORDS;
    const adAt = this.#entries[entry + TEXT_AT];
    const campaignAt = adAt + this.#entries[entry + AD_LENGTH];
    const advertiserAt = campaignAt + this.#entries[entry + CAMPAIGN_LENGTH];
    const end = advertiserAt + this.#entries[entry + ADVERTISER_LENGTH];
    const currency = this.#entries[entry + ENTRY_CURRENCY];
    return {
      adId: this.#string(adAt, campaignAt),
      campaignId: this.#string(campaignAt, advertiserAt),
      advertiserId: this.#string(advertiserAt, end),
      currency: String.fromCharCode((currency >> 16) & 0xff, (currency >> 8) & 0xff, currency & 0xff),
    };
  }

  #add(source: Uint8Array, words: Int32Array, at: number, slot: number): number {
    const reference = this.#count;
    const entry = reference * ENTRY_WORDS;
    this.#byDimension[slot] = reference + 1;
    this.#entries[entry + TEXT_AT] = this.#textLength;
    this.#entries[entry + AD_LENGTH] = this.#copy(source, words[at + AD_START], words[at + AD_END]);
    this.#entries[entry + CAMPAIGN_LENGTH] = this.#copy(
      source,
      words[at + CAMPAIGN_START],
      words[at + CAMPAIGN_END],
    );
    this.#entries[entry + ADVERTISER_LENGTH] = this.#copy(
      source,
      words[at + ADVERTISER_START],
      words[at + ADVERTISER_END],
    );
    this.#entries[entry + ENTRY_CURRENCY] = words[at + CURRENCY]!;
    this.#entries[entry + ENTRY_HASH] = words[at + DIMENSION_HASH]!;
    this.#entries[entry + KEY] = this.#findKey(reference);
    this.#count++;
    this.#reserveEntry();
    return reference;
  }

  /** The first reference with the ad and currency of `reference`; itself, entered as a key, when it is the first. */
  #findKey(reference: number): number {
    const mask = this.#byKey.length - 1;
    const entry = reference * ENTRY_WORDS;
    for (let slot = this.#keyHash(reference) & mask; ; slot = (slot + 1) & mask) {
      const other = this.#byKey[slot] - 1;
      if (other < 0) {
        this.#byKey[slot] = reference + 1;
        return reference;
      }
      const sameCurrency =
        this.#entries[other * ENTRY_WORDS + ENTRY_CURRENCY] === this.#entries[entry + ENTRY_CURRENCY];
      if (sameCurrency && this.#compare(other, reference, -1, AD_LENGTH) === 0) return other;
    }
  }

  #isSame(reference: number, source: Uint8Array, words: Int32Array, at: number): boolean {
    const entry = reference * ENTRY_WORDS;
    const entries = this.#entries;
    const adStart = words[at + AD_START];
    const campaignStart = words[at + CAMPAIGN_START];
    const advertiserStart = words[at + ADVERTISER_START];
    const adLength = entries[entry + AD_LENGTH];
    const campaignLength = entries[entry + CAMPAIGN_LENGTH];
    const advertiserLength = entries[entry + ADVERTISER_LENGTH];
    if (
      entries[entry + ENTRY_HASH] !== words[at + DIMENSION_HASH] ||
      entries[entry + ENTRY_CURRENCY] !== words[at + CURRENCY] ||
      adLength !== words[at + AD_END] - adStart ||
      campaignLength !== words[at + CAMPAIGN_END] - campaignStart ||
      advertiserLength !== words[at + ADVERTISER_END] - advertiserStart
    ) {
      return false;
    }
    const text = this.#text;
    const textAt = entries[entry + TEXT_AT];
    for (let n = 0; n < adLength; n++) if (text[textAt + n] !== source[adStart + n]) return false;
    const campaignAt = textAt + adLength;
    for (let n = 0; n < campaignLength; n++)
      if (text[campaignAt + n] !== source[campaignStart + n]) return false;
    const advertiserAt = campaignAt + campaignLength;
    for (let n = 0; n < advertiserLength; n++) {
      if (text[advertiserAt + n] !== source[advertiserStart + n]) return false;
    }
    return true;
  }

  /** Compares a field of two entries as bytes; `before` names the length of the field before it (−1 for the ad). */
  #compare(a: number, b: number, before: number, length: number): number {
    const [aStart, aEnd] = this.#field(a, before, length);
    const [bStart, bEnd] = this.#field(b, before, length);
    const text = this.#text;
    const shorter = Math.min(aEnd - aStart, bEnd - bStart);
    for (let n = 0; n < shorter; n++) {
      const difference = text[aStart + n] - text[bStart + n];
      if (difference !== 0) return difference;
    }
    return aEnd - aStart - (bEnd - bStart);
  }

  #field(reference: number, before: number, length: number): [number, number] {
    const entry = reference * ENTRY_WORDS;
    let start = this.#entries[entry + TEXT_AT];
    for (let field = AD_LENGTH; field <= before; field++) start += this.#entries[entry + field];
    return [start, start + this.#entries[entry + length]];
  }

  #keyHash(reference: number): number {
    const [start, end] = this.#field(reference, -1, AD_LENGTH);
    let hash = this.#seed ^ this.#entries[reference * ENTRY_WORDS + ENTRY_CURRENCY];
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ this.#text[at], 0x01000193);
    return spread(hash);
  }

  #textEnd(reference: number): number {
    return this.#field(reference, CAMPAIGN_LENGTH, ADVERTISER_LENGTH)[1];
  }

  #copy(source: Uint8Array, start: number, end: number): number {
    this.#reserveText(end - start);
    this.#text.set(source.subarray(start, end), this.#textLength);
    this.#textLength += end - start;
    return end - start;
  }

  #reserveText(bytes: number): void {
    if (this.#textLength + bytes <= this.#text.length) return;
    const grown = new Uint8Array(Math.max(this.#text.length * 2, this.#textLength + bytes));
    grown.set(this.#text.subarray(0, this.#textLength));
    this.#text = grown;
    assert(grown.length < 2 ** 31, 'the texts of the dimensions fit 31 bits');
  }

  /** Makes room for one more entry, and keeps the tables at most half full. */
  #reserveEntry(): void {
    if ((this.#count + 1) * ENTRY_WORDS > this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    if ((this.#count + 1) * 2 <= this.#byDimension.length) return;
    this.#byDimension = new Int32Array(this.#byDimension.length * 2);
    this.#byKey = new Int32Array(this.#byKey.length * 2);
    for (let reference = 0; reference < this.#count; reference++) {
      insert(this.#byDimension, spread(this.#entries[reference * ENTRY_WORDS + ENTRY_HASH]), reference);
      if (this.keyOf(reference) === reference) insert(this.#byKey, this.#keyHash(reference), reference);
    }
  }

  #string(start: number, end: number): string {
    return Buffer.from(this.#text.buffer, start, end - start).toString('utf8');
  }
}

function insert(table: Int32Array, hash: number, reference: number): void {
  const mask = table.length - 1;
  let slot = hash & mask;
  while (table[slot] !== 0) slot = (slot + 1) & mask;
  table[slot] = reference + 1;
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return mixed ^ (mixed >>> 15);
}
