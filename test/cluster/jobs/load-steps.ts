import { DAY_MS, HOUR_MS } from '../../../src/base/units.ts';
import type { SentStep } from './sent-steps.ts';

/** Numbers from 0 to below 1, the same for a seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Traffic of both regions: retries here and there, changed contents, late events, orders with versions. What comes out of it
 * depends on no order in which the regions hear of each other.
 */
export class LoadSteps {
  readonly #random: () => number;
  #count = 0;
  readonly #recent: SentStep[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(arrival: number, count: number): SentStep[] {
    return Array.from({ length: count }, () => this.#one(arrival));
  }

  #one(arrival: number): SentStep {
    const chance = this.#random();
    const old = this.#recent[this.#below(this.#recent.length)];
    if (old !== undefined && chance < 0.08) return { ...old, arrival };
    if (old?.kind === 'event' && chance < 0.16) return { ...old, arrival, at: old.at === 'a' ? 'b' : 'a' };
    if (old?.kind === 'event' && chance < 0.19)
      return { ...old, arrival, body: old.body.replace('"costMicros":', '"costMicros":1') };
    const step = chance < 0.24 ? this.#order(arrival) : this.#event(arrival);
    if (this.#recent.length < 2000) this.#recent.push(step);
    else this.#recent[this.#below(2000)] = step;
    return step;
  }

  #event(arrival: number): SentStep {
    const age = this.#random() < 0.02 ? DAY_MS + 5000 : Math.floor(this.#random() ** 4 * HOUR_MS);
    const body = {
      eventId: `e${this.#count++}`,
      eventType: this.#random() < 0.1 ? 'click' : 'impression',
      eventTime: arrival - age,
      adId: `ad|${this.#below(40)}`,
      campaignId: `c${this.#below(3)}`,
      advertiserId: 'adv',
      userId: `u${this.#below(300)}`,
      merchantId: `m${this.#below(3)}`,
      costMicros: this.#below(9000),
    };
    return { at: this.#side(), kind: 'event', arrival, body: JSON.stringify(body), clusterVerdict: null };
  }

  /** Versions of an order go to one region, in their order, so that no verdict hangs on who hears what first. */
  #order(arrival: number): SentStep {
    const number = this.#count++;
    const order = number % 400;
    const body = {
      orderId: `o${order}`,
      orderVersion: number,
      orderStatus: this.#random() < 0.2 ? 'cancelled' : 'placed',
      orderTime: arrival - 1000,
      userId: `u${order % 300}`,
      merchantId: `m${order % 3}`,
      amountMicros: this.#below(1_000_000),
    };
    return {
      at: order % 2 === 0 ? 'a' : 'b',
      kind: 'order',
      arrival,
      body: JSON.stringify(body),
      clusterVerdict: null,
    };
  }

  #side(): 'a' | 'b' {
    return this.#random() < 0.6 ? 'a' : 'b';
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
