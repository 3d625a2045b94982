import type { UnixMs } from '../base/clock.ts';
import { MINUTE_MS } from '../base/units.ts';
import { advertiserOf, type EventDraft } from './event-writer.ts';
import { Random } from './random.ts';

/** Orders of which later versions may come. */
const KEPT = 1000;
/** Shares of what is made, from 0 to 1; the rest are new orders of users whose touch is known. */
const SHARE = { again: 0.03, changed: 0.06, elsewhere: 0.12, stranger: 0.15 };

interface OrderDraft {
  orderId: string;
  orderVersion: number;
  orderStatus: 'placed' | 'cancelled' | 'refunded';
  orderTime: UnixMs;
  userId: string;
  merchantId: string;
  amountMicros: number;
  currency: string;
}

export interface OrderTrafficOptions {
  /** The same seed, touches and times give the same orders. */
  readonly seed: number;
  readonly users: number;
  readonly currency: string;
}

/**
 * Makes orders as they follow from ads: most of a user and merchant whose ad was just seen, some elsewhere, some of users who
 * saw none; later versions of earlier ones; and some sent twice.
 */
export class OrderTraffic {
  readonly #options: OrderTrafficOptions;
  readonly #random: Random;
  readonly #kept: OrderDraft[] = [];
  #made = 0;

  constructor(options: OrderTrafficOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** The next `count` orders as NDJSON, as sent at `now`; `touch` draws an event that was sent lately. */
  next(count: number, now: UnixMs, touch: () => EventDraft | undefined): Uint8Array {
    const orders = Array.from({ length: count }, () => this.#draw(now, touch));
    return Buffer.from(orders.map((order) => `${JSON.stringify(order)}\n`).join(''));
  }

  #draw(now: UnixMs, touch: () => EventDraft | undefined): OrderDraft {
    const at = this.#random.unit();
    const kept = this.#kept.length === 0 ? undefined : this.#kept[this.#random.below(this.#kept.length)];
    if (kept !== undefined && at < SHARE.again) return kept;
    if (kept !== undefined && at < SHARE.again + SHARE.changed) return this.#change(kept);
    const order = this.#order(now, touch(), at);
    const slot = this.#made++ % KEPT;
    this.#kept[slot] = order;
    return order;
  }

  #order(now: UnixMs, touch: EventDraft | undefined, at: number): OrderDraft {
    const random = this.#random;
    const isStranger = touch === undefined || at > 1 - SHARE.stranger;
    const isElsewhere = at > 1 - SHARE.stranger - SHARE.elsewhere;
    const user = isStranger ? random.below(this.#options.users) : touch.user;
    const advertiser =
      touch === undefined ? random.below(20) : advertiserOf(touch.ad) + (isElsewhere ? 1 : 0);
    const afterTouch = isStranger ? now : touch.eventTime + 1 + random.below(MINUTE_MS);
    return {
      orderId: `order-${this.#options.seed.toString(36)}-${this.#made}`,
      orderVersion: 1,
      orderStatus: 'placed',
      orderTime: Math.min(now, afterTouch),
      userId: `user-${user}`,
      merchantId: `merchant-${advertiser}`,
      amountMicros: 5_000_000 + random.below(6000) * 10_000,
      currency: this.#options.currency,
    };
  }

  /** A later version: another amount, a refund of a part, or a cancellation. */
  #change(order: OrderDraft): OrderDraft {
    const orderVersion = order.orderVersion + 1;
    const way = this.#random.below(3);
    const changed: OrderDraft =
      way === 0
        ? { ...order, orderVersion, amountMicros: order.amountMicros + 1_000_000 }
        : way === 1
          ? {
              ...order,
              orderVersion,
              orderStatus: 'refunded',
              amountMicros: Math.floor(order.amountMicros / 2),
            }
          : { ...order, orderVersion, orderStatus: 'cancelled', amountMicros: 0 };
    Object.assign(order, changed);
    return changed;
  }
}
