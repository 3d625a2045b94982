import { assert } from '../../base/assert.ts';
import { sha256 } from '../../base/checksum.ts';
import { EVENT_FIELDS } from '../../model/ad-event.ts';

/** Positions in EVENT_FIELDS, as the scanner and the fingerprint number the fields. */
export const EVENT_ID = 0;
export const EVENT_TYPE = 1;
export const EVENT_TIME = 2;
export const AD_ID = 3;
export const CAMPAIGN_ID = 4;
export const ADVERTISER_ID = 5;
export const USER_ID = 6;
export const MERCHANT_ID = 7;
export const PLACEMENT = 8;
export const COST_MICROS = 9;
export const CURRENCY_CODE = 10;

const WORD_SHARE = 2 ** -32;

/**
 * Hashes of the fields of an event, keyed with a secret so that outsiders cannot make them collide at will. The hash of an
 * event's content is the sum of the hashes of its fields: each field has a seed of its own, so their order in the JSON does
 * not matter and values that change places do. An absent merchant or placement adds nothing.
 */
export class Fingerprint {
  /** Odd, secret; for mixWord. */
  readonly multiplier: number;
  /** By field; where its hash begins. */
  readonly seeds: Int32Array;
  readonly #idSeed: Uint8Array;

  /** `idSeed`: 32 secret bytes, the same for the life of the data directory. */
  constructor(idSeed: Uint8Array) {
    assert(idSeed.length === 32, `the id seed has 32 bytes, got ${idSeed.length}`);
    this.#idSeed = idSeed.slice();
    const key = new DataView(new ArrayBuffer(64));
    [1, 2].forEach((part, index) =>
      new Uint8Array(key.buffer).set(sha256(idSeed, `fingerprint ${part}`), index * 32),
    );
    this.multiplier = (key.getInt32(0, true) & ~7) | 5;
    this.seeds = Int32Array.from(EVENT_FIELDS, (_, field) => key.getInt32(4 + field * 4, true));
  }

  /** Of the UTF-8 bytes from `start` to `end`: words of four bytes, the last one filled up with zeros. */
  text(field: number, bytes: DataView, start: number, end: number): number {
    let hash = this.seeds[field];
    let at = start;
    for (; at + 4 <= end; at += 4) hash = mixWord(hash, bytes.getInt32(at, true), this.multiplier);
    let rest = 0;
    for (let shift = 0; at < end; at++, shift += 8) rest |= bytes.getUint8(at) << shift;
    return finishHash(mixWord(hash, rest, this.multiplier), end - start);
  }

  /** The USER_HASH of this user's events. */
  userHashOf(userId: string): number {
    const { buffer, byteOffset, length } = Buffer.from(userId);
    return this.text(USER_ID, new DataView(buffer, byteOffset, length), 0, length);
  }

  /** Of a whole number from 0 to 2^53 − 1. */
  number(field: number, value: number): number {
    return numberHash(this.seeds[field], value, this.multiplier);
  }

  /** The 128 bits of an id that is no lower-case UUID: four words of SHA-256 over the seed and the id. */
  writeHashedId(id: Uint8Array, words: Int32Array, offset: number): void {
    const digest = sha256(this.#idSeed, id);
    for (let word = 0; word < 4; word++) words[offset + word] = digest.readInt32BE(word * 4);
  }
}

/** The hash of a whole number from 0 to 2^53 − 1. */
export function numberHash(seed: number, value: number, multiplier: number): number {
  const low = mixWord(seed, value | 0, multiplier);
  return finishHash(mixWord(low, (value * WORD_SHARE) | 0, multiplier), 8);
}

/** Takes a word of four bytes into a hash. One word changed always gives another hash. */
export function mixWord(hash: number, word: number, multiplier: number): number {
  const mixed = hash ^ word;
  return Math.imul(mixed ^ (mixed >>> 15), multiplier);
}

/** Lets every bit of the hash depend on every other (the last steps of MurmurHash3). */
export function finishHash(hash: number, length: number): number {
  let mixed = hash ^ length;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
