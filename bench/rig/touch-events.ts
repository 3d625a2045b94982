import { randomFillSync } from 'node:crypto';
import { Random } from '../../src/generator/random.ts';

const ADS = 10_000;
const MERCHANTS = 500;
const TIME_DIGITS = 13;
const HEX = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(),
);
/** Where two hex digits of a UUID stand that it begins with 36 characters further on. */
const UUID_PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const TEMPLATE = `{"eventId":"00000000-0000-0000-0000-000000000000","eventType":"impression","eventTime":0000000000000,"adId":"ad-0000000","campaignId":"c-0000","advertiserId":"a-000","userId":"user-0000000","merchantId":"merchant-000"}\n`;

/**
 * Bodies of events with random ids, made in place, so that making tens of millions of them takes little time. A user's share of
 * the events is as the square root of its rank (Zipf's law with exponent 0.5): of a million users with 50 touches each on average
 * the middle one has 35, one in a hundred more than 250, and the first 25,000.
 */
export class TouchEvents {
  readonly users: number;
  readonly body: Buffer;
  readonly source: DataView;
  readonly #random: Random;
  readonly #ids: Uint8Array;

  constructor(users: number, events: number, seed: number) {
    this.users = users;
    this.#random = new Random(seed);
    this.body = Buffer.from(TEMPLATE.repeat(events));
    this.source = new DataView(this.body.buffer, this.body.byteOffset, this.body.length);
    this.#ids = new Uint8Array(events * 16);
  }

  /** A user, as often as its share says. */
  user(): string {
    return `user-${String(this.#rank()).padStart(7, '0')}`;
  }

  /** Makes the events of the body anew, from this time on, a millisecond each. */
  next(time: number): void {
    randomFillSync(this.#ids);
    const { body } = this;
    for (let n = 0; n * 16 < this.#ids.length; n++) {
      const line = n * TEMPLATE.length;
      for (const [byte, at] of UUID_PAIRS.entries()) {
        this.source.setUint16(line + ID + at, HEX[this.#ids[n * 16 + byte]], true);
      }
      const ad = this.#random.below(ADS);
      writeDigits(body, line + TIME, TIME_DIGITS, time + n);
      writeDigits(body, line + AD, 7, ad);
      writeDigits(body, line + CAMPAIGN, 4, ad % 1000);
      writeDigits(body, line + ADVERTISER, 3, ad % 100);
      writeDigits(body, line + USER, 7, this.#rank());
      writeDigits(body, line + MERCHANT, 3, ad % MERCHANTS);
    }
  }

  #rank(): number {
    return Math.floor(this.users * this.#random.unit() ** 2);
  }
}

const ID = behind('"eventId":"');
const TIME = behind('"eventTime":');
const AD = behind('"adId":"ad-');
const CAMPAIGN = behind('"campaignId":"c-');
const ADVERTISER = behind('"advertiserId":"a-');
const USER = behind('"userId":"user-');
const MERCHANT = behind('"merchantId":"merchant-');

function behind(text: string): number {
  return TEMPLATE.indexOf(text) + text.length;
}

function writeDigits(bytes: Uint8Array, at: number, digits: number, value: number): void {
  let rest = Math.floor(value);
  for (let to = at + digits - 1; to >= at; to--) {
    bytes[to] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
