import { MINUTE_MS } from '../base/units.ts';
import { minuteOf } from '../model/event-time.ts';
import type { SeededRandom } from './seeded-random.ts';

/** An event before it becomes text. */
export type EventFields = Readonly<Record<string, unknown>>;

/** How old or early an event may be, ms. */
export interface AgeLimits {
  readonly maxEventAgeMs: number;
  readonly maxClockSkewMs: number;
}

const ADS = 40;
const USERS = 500;
/** Sorted differently as UTF-8 and as UTF-16, and all of a kind that a real marketplace has. */
const CAMPAIGN_NAMES = ['spring', 'ｓｐｒｉｎｇ', '春', '🌱-spring', 'spring|sale', String.raw`spring\sale`];
/** How often events are of which age. */
const AGES = { fresh: 60, minuteEdge: 12, old: 8, lateEdge: 5, late: 2, futureEdge: 5, future: 2 };
const COST_MAX = Number.MAX_SAFE_INTEGER;

/** Where events come from: few ads with most of the traffic, campaigns that change, clocks that are a little off. */
export class Marketplace {
  readonly #random: SeededRandom;
  readonly #limits: AgeLimits;
  #events = 0;

  constructor(random: SeededRandom, limits: AgeLimits) {
    this.#random = random;
    this.#limits = limits;
  }

  /** A valid event (though perhaps late or from the future) of a client whose clock shows `nowMs`. */
  event(nowMs: number): EventFields {
    const random = this.#random;
    const ad = random.zipf(ADS);
    const campaign = random.chance(0.05) ? random.pick(CAMPAIGN_NAMES) : `campaign-${ad % 7}`;
    return {
      eventId: this.#eventId(),
      eventType: random.chance(0.2) ? 'click' : 'impression',
      eventTime: this.#written(Math.max(0, this.#eventTime(nowMs))),
      adId: `ad-${ad}`,
      campaignId: campaign,
      advertiserId: `advertiser-${ad % 5}`,
      userId: `user-${random.zipf(USERS)}`,
      ...this.#optional(),
    };
  }

  /** The same event with a clock read again, as a client that stamps its retries would send it. */
  stampAgain(event: EventFields, nowMs: number): EventFields {
    return { ...event, eventTime: this.#written(nowMs) };
  }

  #eventId(): string {
    const number = ++this.#events;
    const kind = this.#random.weighted({ uuid: 8, upper: 1, name: 1 });
    if (kind === 'name') return `ereignis №${number} ${this.#random.seed}`;
    const uuid = uuidOf(this.#random);
    return kind === 'upper' ? uuid.toUpperCase() : uuid;
  }

  #eventTime(nowMs: number): number {
    const random = this.#random;
    const { maxEventAgeMs, maxClockSkewMs } = this.#limits;
    const edge = random.pick([-1, 0, 0, 1]);
    const minuteStart = minuteOf(nowMs);
    const times = {
      fresh: () => nowMs - random.below(30_000),
      minuteEdge: () => minuteStart - random.below(3) * MINUTE_MS + edge,
      old: () => nowMs - random.below(maxEventAgeMs),
      lateEdge: () => nowMs - maxEventAgeMs + edge,
      late: () => nowMs - maxEventAgeMs - random.below(maxEventAgeMs),
      futureEdge: () => nowMs + maxClockSkewMs + edge,
      future: () => nowMs + maxClockSkewMs * 2 + random.below(1e12),
    };
    return times[random.weighted(AGES)]();
  }

  #written(time: number): number | string {
    if (this.#random.chance(0.7)) return time;
    const offsetHours = this.#random.between(-12, 12);
    const local = new Date(time + offsetHours * 60 * MINUTE_MS).toISOString().slice(0, -1);
    const hours = String(Math.abs(offsetHours)).padStart(2, '0');
    return `${local}${offsetHours < 0 ? '-' : '+'}${hours}:00`;
  }

  #optional(): EventFields {
    const random = this.#random;
    return {
      ...(random.chance(0.6) ? { costMicros: this.#costMicros() } : {}),
      ...(random.chance(0.3) ? { currency: random.pick(['EUR', 'USD', 'JPY']) } : {}),
      ...(random.chance(0.2) ? { merchantId: `merchant-${random.below(9)}` } : {}),
      ...(random.chance(0.1) ? { placement: random.pick(['top', 'side', 'übersicht']) } : {}),
      ...(random.chance(0.1) ? { note: { nested: [1, { adId: 'x' }], text: 'a "quoted" \n word' } } : {}),
    };
  }

  #costMicros(): number {
    const random = this.#random;
    if (random.chance(0.02)) return COST_MAX - random.below(5);
    return random.chance(0.1) ? 0 : random.below(5_000_000);
  }
}

function uuidOf(random: SeededRandom): string {
  const hex = Buffer.from(random.bytes(16)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
