import type { AgeLimits, EventFields } from '../marketplace.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** How old or early an order may be, ms, and for how long it is open or held. */
export interface OrderLimits extends AgeLimits {
  readonly maxOrderAgeMs: number;
  readonly clickWindowMs: number;
  readonly viewWindowMs: number;
}

/** The most popular users of the marketplace: those whose orders have touches. */
const USERS = 12;
const MERCHANTS = 9;
/** Newest orders of which further versions are sent. */
const REMEMBERED = 12;
/** How often orders are of which age. */
const AGES = { fresh: 60, windowEdge: 10, old: 12, lateEdge: 4, late: 3, futureEdge: 4, future: 2 };
const VERSIONS = { next: 12, repeated: 3, contradicted: 3, outdated: 3 };
const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Where orders come from: new ones, and later versions, repetitions and contradictions of the newest. */
export class OrderDesk {
  readonly #random: SeededRandom;
  readonly #limits: OrderLimits;
  /** The latest version of each. */
  #orders: EventFields[] = [];
  #count = 0;

  constructor(random: SeededRandom, limits: OrderLimits) {
    this.#random = random;
    this.#limits = limits;
  }

  /** A version of an order, at `nowMs` of the wall clock of whoever sends it. */
  order(nowMs: number): EventFields {
    const random = this.#random;
    if (this.#orders.length > 0 && random.chance(0.4))
      return this.#version(random.below(this.#orders.length), nowMs);
    const order = this.#newOrder(nowMs);
    this.#orders.push(order);
    if (this.#orders.length > REMEMBERED) this.#orders.shift();
    return order;
  }

  #newOrder(nowMs: number): EventFields {
    const random = this.#random;
    return {
      orderId: `order ${++this.#count} of ${random.seed}`,
      orderTime: Math.max(0, this.#orderTime(nowMs)),
      userId: `user-${random.zipf(USERS)}`,
      merchantId: `merchant-${random.zipf(MERCHANTS)}`,
      amountMicros: this.#amount(),
      ...(random.chance(0.7) ? { orderVersion: random.pick([1, 1, 1, 2]) } : {}),
      ...(random.chance(0.3) ? { currency: random.pick(['EUR', 'USD', 'JPY']) } : {}),
      ...(random.chance(0.3) ? { items: [{ sku: 'x', orderId: 'not this one' }] } : {}),
    };
  }

  #version(place: number, nowMs: number): EventFields {
    const random = this.#random;
    const order = this.#orders[place];
    const version = (order['orderVersion'] ?? 1) as number;
    const versions = {
      next: () => {
        const next = { ...order, orderVersion: version + random.pick([1, 1, 2]), ...this.#change(nowMs) };
        this.#orders[place] = next;
        return next;
      },
      repeated: () => order,
      contradicted: () => ({ ...order, ...this.#change(nowMs) }),
      outdated: () => ({ ...order, orderVersion: Math.max(1, version - 1), amountMicros: this.#amount() }),
    };
    return versions[random.weighted(VERSIONS)]();
  }

  /** What another version says: mostly what shops say, now and then what nobody expects. */
  #change(nowMs: number): EventFields {
    const random = this.#random;
    const changes = {
      refunded: () => ({ orderStatus: 'refunded', amountMicros: this.#amount() }),
      cancelled: () => ({ orderStatus: 'cancelled' }),
      updated: () => ({ orderStatus: 'placed', amountMicros: this.#amount() }),
      moved: () => ({ orderTime: Math.max(0, this.#orderTime(nowMs)) }),
      other: () =>
        random.pick([
          { userId: `user-${random.zipf(USERS)}` },
          { merchantId: `merchant-${random.zipf(MERCHANTS)}` },
        ]),
    };
    return changes[random.weighted({ refunded: 6, cancelled: 4, updated: 6, moved: 2, other: 2 })]();
  }

  #orderTime(nowMs: number): number {
    const random = this.#random;
    const { maxOrderAgeMs, maxClockSkewMs, clickWindowMs, viewWindowMs } = this.#limits;
    const edge = random.pick([-1, 0, 0, 1]);
    const times = {
      fresh: () => nowMs - random.below(20_000),
      windowEdge: () => nowMs - random.pick([0, clickWindowMs, viewWindowMs]) - random.below(1000),
      old: () => nowMs - random.below(maxOrderAgeMs),
      lateEdge: () => nowMs - maxOrderAgeMs + edge,
      late: () => nowMs - maxOrderAgeMs - random.below(maxOrderAgeMs),
      futureEdge: () => nowMs + maxClockSkewMs + edge,
      future: () => nowMs + maxClockSkewMs * 2 + random.below(1e12),
    };
    return times[random.weighted(AGES)]();
  }

  #amount(): number {
    const random = this.#random;
    if (random.chance(0.05)) return AMOUNT_MAX - random.below(5);
    return random.chance(0.1) ? random.below(4) : random.below(90_000_000);
  }
}
