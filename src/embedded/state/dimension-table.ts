import { assert } from '../../base/assert.ts';
import * as row from '../scan/event-batch.ts';
import { packCurrency } from '../scan/event-parser.ts';

// A module's own constants are folded into its code; imported ones are loaded and checked at every use.
const { CURRENCY, DIMENSION_HASH, ROW_WORDS } = row;
const { AD_START, AD_END, CAMPAIGN_START, CAMPAIGN_END, ADVERTISER_START, ADVERTISER_END } = row;

/** What one event says of its cell. */
export interface Dimension {
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
}

/** Some of the dimensions. */
export interface Selection {
  /** Keys of the cells that may show one of them. */
  readonly keys: readonly number[];
  readonly has: (reference: number) => boolean;
}

/**
 * Words of an entry. Behind them stand the texts of ad, campaign and advertiser as UTF-8, each filled up with zeros to whole
 * words: so most entries fit a cache line and are compared by words.
 */
const HASH = 0;
const ENTRY_CURRENCY = 1;
/** Bytes of ad, campaign and advertiser, 10 bits each. */
const LENGTHS = 2;
const KEY = 3;
/** Where the cell that was counted into last stands: its row, and the minute's number. A hint, checked by whoever uses it. */
const LAST_ROW = 4;
const LAST_MINUTE = 5;
/** How many entries came before it. */
const ORDINAL = 6;
const TEXT = 7;

const LENGTH_BITS = 10;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
/** The longest entry: three identifiers of 128 code points of four bytes. */
const ENTRY_WORDS_MAX = TEXT + 3 * 128;
const INITIAL_WORDS = 1 << 14;

/**
 * Gives each distinct (ad, campaign, advertiser, currency) a reference, and each (ad, currency) the reference of its first
 * appearance as key: cells are found by key. Texts are compared in full, so a hash decides nothing.
 */
export class DimensionTable {
  readonly #seed: number;
  #count = 0;
  /** Entries one after the other; a reference is where one begins. */
  #words = new Int32Array(INITIAL_WORDS);
  #bytes = new Uint8Array(this.#words.buffer);
  #length = 0;
  /** What warm() has read: keeps the reading from being optimized away. */
  warmed = 0;
  /** What was described before, by ordinal. */
  readonly #described: Dimension[] = [];
  readonly #currencies = new Set<number>();
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

  /** Words of all entries, for dump(). */
  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#words.byteLength + this.#byDimension.byteLength + this.#byKey.byteLength;
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
    const entries = this.#words;
    let touched = 0;
    for (let n = 0; n < count; n++) touched ^= entries[Math.max(0, likely[n])];
    this.warmed = touched;
  }

  /**
   * The reference of the dimension of the row at `at` of `words`, whose texts stand in `source`; makes one when it is new.
   * `likely` is looked at first.
   */
  intern(words: Int32Array, at: number, source: DataView, likely: number): number {
    if (likely >= 0 && this.#isSame(likely, words, at, source)) return likely;
    const table = this.#byDimension;
    const mask = table.length - 1;
    for (let slot = spread(words[at + DIMENSION_HASH]) & mask; ; slot = (slot + 1) & mask) {
      const reference = table[slot] - 1;
      if (reference < 0) return this.#add(words, at, source, slot);
      if (this.#isSame(reference, words, at, source)) return reference;
    }
  }

  /** What the row at `at` of `words` says of its cell; its texts stand in `source`. */
  read(words: Int32Array, at: number, source: DataView): Dimension {
    const text = (start: number, end: number): string =>
      Buffer.from(
        source.buffer,
        source.byteOffset + words[at + start],
        words[at + end] - words[at + start],
      ).toString();
    return {
      adId: text(AD_START, AD_END),
      campaignId: text(CAMPAIGN_START, CAMPAIGN_END),
      advertiserId: text(ADVERTISER_START, ADVERTISER_END),
      currency: unpackCurrency(words[at + CURRENCY]),
    };
  }

  /** The key under which cells of this dimension's ad and currency are found. */
  keyOf(reference: number): number {
    return this.#words[reference + KEY];
  }

  /** The row last noted for the dimension in the minute of this number, or −1. */
  lastRow(reference: number, minuteNumber: number): number {
    return this.#words[reference + LAST_MINUTE] === minuteNumber ? this.#words[reference + LAST_ROW] : -1;
  }

  noteRow(reference: number, minuteNumber: number, cellRow: number): void {
    this.#words[reference + LAST_ROW] = cellRow;
    this.#words[reference + LAST_MINUTE] = minuteNumber;
  }

  /** What the reference stands for. */
  describe(reference: number): Dimension {
    return (this.#described[this.#words[reference + ORDINAL]] ??= this.#describe(reference));
  }

  /**
   * Which dimensions have the given fields; undefined when none is given: all. An ad is looked up; without one, every
   * dimension is compared.
   */
  select(wanted: { readonly [Field in keyof Dimension]?: string | undefined }): Selection | undefined {
    const { adId, campaignId, advertiserId, currency } = wanted;
    if ((adId ?? campaignId ?? advertiserId ?? currency) === undefined) return undefined;
    if (adId !== undefined) {
      const keys = this.#keysOf(Buffer.from(adId), currency);
      return {
        keys,
        has: (reference) => {
          const { campaignId: campaign, advertiserId: advertiser } = this.describe(reference);
          return (
            (campaignId ?? campaign) === campaign &&
            (advertiserId ?? advertiser) === advertiser &&
            keys.includes(this.keyOf(reference))
          );
        },
      };
    }
    const texts = [undefined, campaignId, advertiserId].map((text) =>
      text === undefined ? undefined : Buffer.from(text),
    );
    const packed = currency === undefined ? undefined : packCurrency(currency);
    const found = new Set<number>();
    for (const reference of this.#references()) {
      if (packed !== undefined && this.#words[reference + ENTRY_CURRENCY] !== packed) continue;
      if (texts.every((text, part) => text === undefined || this.#isPart(reference, part, text)))
        found.add(reference);
    }
    const keys = new Set([...found].map((reference) => this.keyOf(reference)));
    return { keys: [...keys], has: (reference) => found.has(reference) };
  }

  /** Whether `a` has the greater (campaign, advertiser) than `b`, compared as UTF-8 bytes: the one a record shows. */
  isGreater(a: number, b: number): boolean {
    const order =
      Buffer.compare(this.#text(a, 1), this.#text(b, 1)) ||
      Buffer.compare(this.#text(a, 2), this.#text(b, 2));
    return order > 0;
  }

  /** The entries from word `from` up to `to`, as length() gave them, for a snapshot. */
  dump(from: number, to: number): Int32Array {
    return this.#words.slice(from, to);
  }

  /** Puts back entries as dump() gave them, in the order in which they were made. */
  load(dump: Int32Array): void {
    this.#reserveWords(dump.length);
    this.#words.set(dump, this.#length);
    const end = this.#length + dump.length;
    while (this.#length < end) {
      const reference = this.#length;
      this.#length += entryWords(this.#words[reference + LENGTHS]);
      insert(this.#byDimension, spread(this.#words[reference + HASH]), reference);
      if (this.keyOf(reference) === reference) insert(this.#byKey, this.#keyHash(reference), reference);
      this.#currencies.add(this.#words[reference + ENTRY_CURRENCY]);
      this.#count++;
      this.#reserveSlots();
    }
    assert(this.#length === end, 'a dump is made of whole dimensions');
  }

  #describe(reference: number): Dimension {
    const currency = this.#words[reference + ENTRY_CURRENCY];
    return {
      adId: this.#text(reference, 0).toString('utf8'),
      campaignId: this.#text(reference, 1).toString('utf8'),
      advertiserId: this.#text(reference, 2).toString('utf8'),
      currency: unpackCurrency(currency),
    };
  }

  /** The bytes of ad (0), campaign (1) or advertiser (2). */
  #text(reference: number, part: number): Buffer {
    let start = reference + TEXT;
    let lengths = this.#words[reference + LENGTHS];
    for (let n = 0; n < part; n++, lengths >>>= LENGTH_BITS) start += wordsFor(lengths & LENGTH_MASK);
    return Buffer.from(this.#words.buffer, start * 4, lengths & LENGTH_MASK);
  }

  #add(words: Int32Array, at: number, source: DataView, slot: number): number {
    this.#reserveWords(ENTRY_WORDS_MAX);
    const reference = this.#length;
    this.#words[reference + HASH] = words[at + DIMENSION_HASH];
    this.#words[reference + ENTRY_CURRENCY] = words[at + CURRENCY];
    this.#words[reference + LENGTHS] = lengthsOf(words, at);
    this.#words[reference + LAST_MINUTE] = -1;
    this.#words[reference + ORDINAL] = this.#count;
    this.#currencies.add(words[at + CURRENCY]);
    this.#length += TEXT;
    this.#append(source, words[at + AD_START], words[at + AD_END]);
    this.#append(source, words[at + CAMPAIGN_START], words[at + CAMPAIGN_END]);
    this.#append(source, words[at + ADVERTISER_START], words[at + ADVERTISER_END]);
    this.#byDimension[slot] = reference + 1;
    this.#words[reference + KEY] = this.#findKey(reference);
    this.#count++;
    this.#reserveSlots();
    return reference;
  }

  /** The first reference with the ad and currency of `reference`; itself, entered as a key, when it is the first. */
  #findKey(reference: number): number {
    const mask = this.#byKey.length - 1;
    const words = this.#words;
    for (let slot = this.#keyHash(reference) & mask; ; slot = (slot + 1) & mask) {
      const other = this.#byKey[slot] - 1;
      if (other < 0) {
        this.#byKey[slot] = reference + 1;
        return reference;
      }
      const sameCurrency = words[other + ENTRY_CURRENCY] === words[reference + ENTRY_CURRENCY];
      if (sameCurrency && this.#text(other, 0).equals(this.#text(reference, 0))) return other;
    }
  }

  #isSame(reference: number, words: Int32Array, at: number, source: DataView): boolean {
    const entries = this.#words;
    if (
      entries[reference + HASH] !== words[at + DIMENSION_HASH] ||
      entries[reference + ENTRY_CURRENCY] !== words[at + CURRENCY] ||
      entries[reference + LENGTHS] !== lengthsOf(words, at)
    ) {
      return false;
    }
    const text = reference + TEXT;
    const campaign = text + wordsFor(words[at + AD_END] - words[at + AD_START]);
    const advertiser = campaign + wordsFor(words[at + CAMPAIGN_END] - words[at + CAMPAIGN_START]);
    return (
      isText(entries, text, source, words[at + AD_START], words[at + AD_END]) &&
      isText(entries, campaign, source, words[at + CAMPAIGN_START], words[at + CAMPAIGN_END]) &&
      isText(entries, advertiser, source, words[at + ADVERTISER_START], words[at + ADVERTISER_END])
    );
  }

  #keyHash(reference: number): number {
    const start = (reference + TEXT) * 4;
    const end = start + (this.#words[reference + LENGTHS] & LENGTH_MASK);
    return this.#adHash(this.#bytes, start, end, this.#words[reference + ENTRY_CURRENCY]);
  }

  #adHash(bytes: Uint8Array, start: number, end: number, currency: number): number {
    let hash = this.#seed ^ currency;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    return spread(hash);
  }

  /** The keys of an ad, in one currency or in any. */
  #keysOf(ad: Uint8Array, currency: string | undefined): number[] {
    const currencies = currency === undefined ? [...this.#currencies] : [packCurrency(currency)];
    const keys: number[] = [];
    const mask = this.#byKey.length - 1;
    for (const packed of currencies) {
      const hash = this.#adHash(ad, 0, ad.length, packed);
      for (let slot = hash & mask; this.#byKey[slot] !== 0; slot = (slot + 1) & mask) {
        const key = this.#byKey[slot] - 1;
        if (this.#words[key + ENTRY_CURRENCY] !== packed || !this.#isPart(key, 0, ad)) continue;
        keys.push(key);
        break;
      }
    }
    return keys;
  }

  /** Whether ad (0), campaign (1) or advertiser (2) is this text. */
  #isPart(reference: number, part: number, text: Uint8Array): boolean {
    let start = reference + TEXT;
    let lengths = this.#words[reference + LENGTHS];
    for (let n = 0; n < part; n++, lengths >>>= LENGTH_BITS) start += wordsFor(lengths & LENGTH_MASK);
    if ((lengths & LENGTH_MASK) !== text.length) return false;
    for (let n = 0; n < text.length; n++) if (this.#bytes[start * 4 + n] !== text[n]) return false;
    return true;
  }

  /** All references, in the order in which they were made. */
  *#references(): Generator<number> {
    for (let reference = 0; reference < this.#length;) {
      yield reference;
      reference += entryWords(this.#words[reference + LENGTHS]);
    }
  }

  /** Appends a text, filled up with zeros to whole words; the room has been made. */
  #append(source: DataView, start: number, end: number): void {
    let to = this.#length * 4;
    for (let from = start; from < end; from++) this.#bytes[to++] = source.getUint8(from);
    this.#length += wordsFor(end - start);
  }

  #reserveWords(words: number): void {
    if (this.#length + words <= this.#words.length) return;
    const grown = new Int32Array(Math.max(this.#words.length * 2, this.#length + words));
    grown.set(this.#words.subarray(0, this.#length));
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
    assert(grown.length < 2 ** 30, 'references fit 31 bits');
  }

  /** Keeps the tables at most half full. */
  #reserveSlots(): void {
    if ((this.#count + 1) * 2 <= this.#byDimension.length) return;
    this.#byDimension = new Int32Array(this.#byDimension.length * 2);
    this.#byKey = new Int32Array(this.#byKey.length * 2);
    for (const reference of this.#references()) {
      insert(this.#byDimension, spread(this.#words[reference + HASH]), reference);
      if (this.keyOf(reference) === reference) insert(this.#byKey, this.#keyHash(reference), reference);
    }
  }
}

/** Three letters, the first one highest. */
function unpackCurrency(packed: number): string {
  return String.fromCharCode((packed >> 16) & 0xff, (packed >> 8) & 0xff, packed & 0xff);
}

function wordsFor(bytes: number): number {
  return (bytes + 3) >> 2;
}

function lengthsOf(words: Int32Array, at: number): number {
  return (
    (words[at + AD_END] - words[at + AD_START]) |
    ((words[at + CAMPAIGN_END] - words[at + CAMPAIGN_START]) << LENGTH_BITS) |
    ((words[at + ADVERTISER_END] - words[at + ADVERTISER_START]) << (2 * LENGTH_BITS))
  );
}

function entryWords(lengths: number): number {
  return (
    TEXT +
    wordsFor(lengths & LENGTH_MASK) +
    wordsFor((lengths >>> LENGTH_BITS) & LENGTH_MASK) +
    wordsFor(lengths >>> (2 * LENGTH_BITS))
  );
}

/** Whether the text from `start` to `end` of `source` is the one whose words begin at `at`. */
function isText(entries: Int32Array, at: number, source: DataView, start: number, end: number): boolean {
  let word = at;
  let from = start;
  for (; from + 4 <= end; from += 4) if (source.getInt32(from, true) !== entries[word++]) return false;
  for (let rest = from < end ? entries[word] : 0; from < end; from++, rest >>>= 8) {
    if (source.getUint8(from) !== (rest & 0xff)) return false;
  }
  return true;
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
