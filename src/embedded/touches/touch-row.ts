import type { UnixMs } from '../../base/clock.ts';
import type { Touch } from '../../model/touch.ts';
import type { Dimension } from '../state/dimension-table.ts';
import { TextCache } from './text-cache.ts';

/**
 * A touch as a row of 32-bit words, the same in memory and on the disk. Behind the fixed words stand the texts of event id,
 * user and merchant as UTF-8, each filled up with zeros to whole words; an event id that is a lower-case UUID is its 128 bits.
 */
export const HASH = 0;
/** Event time, Unix ms: its low 32 bits, and the rest; above it flags. */
const TIME_LOW = 1;
const TIME_HIGH = 2;
const TIME_HIGH_MASK = 0xff_ffff;
/** The touch was counted by the peer. */
export const PEER = 1 << 24;
/** No touch, but that this region's touch with this id is none any more. */
export const WITHDRAWN = 1 << 25;
const FLAGS_MASK = PEER | WITHDRAWN;
/** Reference in the dimension table. */
export const DIMENSION = 3;
/** Bytes of event id (0 for a UUID), user and merchant (0 for none), 10 bits each; then whether it is a click. */
export const SHAPE = 4;
export const TEXT = 5;

export const LENGTH_BITS = 10;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
export const CLICK_BIT = 1 << (3 * LENGTH_BITS);
const UUID_WORDS = 4;
/** The longest row: three identifiers of 128 code points of four bytes. */
export const TOUCH_WORDS_MAX = TEXT + 3 * 128;
const TWO_TO_32 = 2 ** 32;
const HEX = Uint8Array.from({ length: 16 }, (_, digit) => digit.toString(16).charCodeAt(0));
const DASH = 0x2d;
const texts = new TextCache();

/** A user as rows hold it. */
export interface UserKey {
  readonly hash: number;
  readonly bytes: number;
  readonly words: Int32Array;
}

/** Takes the row at `at` of `words`, which are good only until it returns. */
export type TakeRow = (words: Int32Array, at: number) => void;

export function userKey(userId: string, hash: number): UserKey {
  const text = Buffer.from(userId);
  const words = new Int32Array(wordsFor(text.length));
  // Not through words.buffer: asking for it gives these few bytes memory outside of the heap, for the collector to track and free.
  for (let n = 0; n < text.length; n++) words[n >> 2] |= text[n] << ((n & 3) * 8);
  return { hash, bytes: text.length, words };
}

export function wordsFor(bytes: number): number {
  return (bytes + 3) >> 2;
}

function idWords(shape: number): number {
  const bytes = shape & LENGTH_MASK;
  return bytes === 0 ? UUID_WORDS : wordsFor(bytes);
}

/** Words of a row with this SHAPE. */
export function touchWords(shape: number): number {
  return (
    TEXT +
    idWords(shape) +
    wordsFor((shape >>> LENGTH_BITS) & LENGTH_MASK) +
    wordsFor((shape >>> (2 * LENGTH_BITS)) & LENGTH_MASK)
  );
}

export function timeOf(words: Int32Array, at: number): UnixMs {
  return (words[at + TIME_HIGH] & TIME_HIGH_MASK) * TWO_TO_32 + (words[at + TIME_LOW] >>> 0);
}

export function writeTime(words: Int32Array, at: number, time: UnixMs, flags: number): void {
  words[at + TIME_LOW] = time | 0;
  words[at + TIME_HIGH] = Math.floor(time / TWO_TO_32) | flags;
}

/** PEER, WITHDRAWN, or 0 for a touch that this region has counted. */
export function flagsOf(words: Int32Array, at: number): number {
  return words[at + TIME_HIGH] & FLAGS_MASK;
}

/** Whether the row is one of `user`; the hash alone does not decide it. */
export function isOfUser(words: Int32Array, at: number, user: UserKey): boolean {
  if (words[at + HASH] !== user.hash) return false;
  const shape = words[at + SHAPE];
  if (((shape >>> LENGTH_BITS) & LENGTH_MASK) !== user.bytes) return false;
  const start = at + TEXT + idWords(shape);
  for (let n = 0; n < user.words.length; n++) if (words[start + n] !== user.words[n]) return false;
  return true;
}

/** The order of rows in a run: by user hash, unsigned, then by time. */
export function compareRows(a: Int32Array, aAt: number, b: Int32Array, bAt: number): number {
  const byHash = (a[aAt + HASH] >>> 0) - (b[bAt + HASH] >>> 0);
  return byHash === 0 ? timeOf(a, aAt) - timeOf(b, bAt) : byHash;
}

/** The touch that the row says; `region` is the one that counted it. */
export function readTouch(words: Int32Array, at: number, dimension: Dimension, region: string): Touch {
  const shape = words[at + SHAPE];
  const id = at + TEXT;
  const idBytes = shape & LENGTH_MASK;
  const merchant = id + idWords(shape) + wordsFor((shape >>> LENGTH_BITS) & LENGTH_MASK);
  const merchantBytes = (shape >>> (2 * LENGTH_BITS)) & LENGTH_MASK;
  return {
    eventId: idBytes === 0 ? readUuidText(words, id) : texts.readOnce(words, id, idBytes),
    eventType: (shape & CLICK_BIT) === 0 ? 'impression' : 'click',
    eventTime: timeOf(words, at),
    adId: dimension.adId,
    campaignId: dimension.campaignId,
    advertiserId: dimension.advertiserId,
    merchantId: merchantBytes === 0 ? null : texts.read(words, merchant, merchantBytes),
    region,
  };
}

/** All digits in one call: half the time that a loop over a buffer takes. */
function readUuidText(words: Int32Array, at: number): string {
  const [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
  // oxfmt-ignore
  return String.fromCharCode(
    HEX[a >>> 28], HEX[(a >>> 24) & 15], HEX[(a >>> 20) & 15], HEX[(a >>> 16) & 15],
    HEX[(a >>> 12) & 15], HEX[(a >>> 8) & 15], HEX[(a >>> 4) & 15], HEX[a & 15], DASH,
    HEX[b >>> 28], HEX[(b >>> 24) & 15], HEX[(b >>> 20) & 15], HEX[(b >>> 16) & 15], DASH,
    HEX[(b >>> 12) & 15], HEX[(b >>> 8) & 15], HEX[(b >>> 4) & 15], HEX[b & 15], DASH,
    HEX[c >>> 28], HEX[(c >>> 24) & 15], HEX[(c >>> 20) & 15], HEX[(c >>> 16) & 15], DASH,
    HEX[(c >>> 12) & 15], HEX[(c >>> 8) & 15], HEX[(c >>> 4) & 15], HEX[c & 15],
    HEX[d >>> 28], HEX[(d >>> 24) & 15], HEX[(d >>> 20) & 15], HEX[(d >>> 16) & 15],
    HEX[(d >>> 12) & 15], HEX[(d >>> 8) & 15], HEX[(d >>> 4) & 15], HEX[d & 15],
  );
}
