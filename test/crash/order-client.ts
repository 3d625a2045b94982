import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/generator/random.ts';
import type { Address } from './client.ts';
import { call } from './http-call.ts';

const USERS = 1000;
const ORDERS_MAX = 8;
const DAY_MS = 86_400_000;

interface SentOrder {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly orderStatus: 'placed' | 'cancelled' | 'refunded';
  readonly orderTime: number;
  readonly userId: string;
  readonly merchantId: string;
  readonly amountMicros: number;
}

/** What the answer has to say, whichever attempt is answered: an earlier one may have made duplicates of what is new. */
interface Due {
  readonly acceptedOrDuplicate: number;
  readonly stale: number;
  readonly conflict: number;
  readonly late: number;
}

/** Sends orders and their versions, each request until it is acknowledged. No order stands twice in one request. */
export class OrderClient {
  readonly #name: string;
  readonly #random: Random;
  readonly #address: Address;
  /** The latest version of each order. */
  readonly orders = new Map<string, SentOrder>();
  #count = 0;
  attemptsLost = 0;

  constructor(name: string, random: Random, address: Address) {
    this.#name = name;
    this.#random = random;
    this.#address = address;
  }

  /** Until `stop`; the last request is brought to its end. Rejects at the first wrong answer. */
  async run(stop: AbortSignal): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    while (!stop.aborted) {
      await this.#deliver(agent);
      await sleep(5);
    }
    agent.destroy();
  }

  async #deliver(agent: Agent): Promise<void> {
    const { orders, due } = this.#makeRequest();
    const body = { type: 'application/json', bytes: Buffer.from(JSON.stringify(orders)) } as const;
    for (;;) {
      const url = await this.#address.current();
      const answer = await call(`${url}/v1/orders`, body, agent).catch(() => undefined);
      if (answer?.status === 200) return checkReceipt(answer.text, due);
      if (answer !== undefined && answer.status !== 429 && answer.status !== 503) {
        throw new Error(`${this.#name} got ${answer.status}: ${answer.text}`);
      }
      this.attemptsLost++;
      await sleep(10);
    }
  }

  #makeRequest(): { orders: readonly object[]; due: Due } {
    const random = this.#random;
    const orders = new Map<string, object>();
    const due = { acceptedOrDuplicate: 0, stale: 0, conflict: 0, late: 0 };
    const known = [...this.orders.values()].slice(-30);
    for (let left = 1 + random.below(ORDERS_MAX); left > 0; left--) {
      const order = known[random.below(known.length)] ?? this.#newOrder();
      const chance = random.unit();
      if (chance < 0.5 || orders.has(order.orderId)) {
        const fresh = this.#newOrder();
        const isLate = random.unit() < 0.05;
        orders.set(fresh.orderId, isLate ? { ...fresh, orderTime: fresh.orderTime - 2 * DAY_MS } : fresh);
        if (isLate) due.late++;
        else due.acceptedOrDuplicate++;
        if (!isLate) this.orders.set(fresh.orderId, fresh);
      } else if (chance < 0.75 || !this.orders.has(order.orderId)) {
        const orderStatus = random.below(3) === 0 ? 'cancelled' : 'refunded';
        const amountMicros = Math.floor(order.amountMicros / 2);
        const next = { ...order, orderVersion: order.orderVersion + 1, orderStatus, amountMicros } as const;
        orders.set(next.orderId, next);
        this.orders.set(next.orderId, next);
        due.acceptedOrDuplicate++;
      } else if (chance < 0.85) {
        orders.set(order.orderId, order);
        due.acceptedOrDuplicate++;
      } else if (chance < 0.93) {
        orders.set(order.orderId, { ...order, amountMicros: order.amountMicros + 1 });
        due.conflict++;
      } else if (order.orderVersion > 1) {
        orders.set(order.orderId, { ...order, orderVersion: order.orderVersion - 1 });
        due.stale++;
      }
    }
    return { orders: [...orders.values()], due };
  }

  #newOrder(): SentOrder {
    const random = this.#random;
    return {
      orderId: `${this.#name}-${++this.#count}`,
      orderVersion: 1,
      orderStatus: 'placed',
      // Events of the last five minutes go on coming in: some of them are touches of it, and late.
      orderTime: Date.now() - random.below(120_000),
      // Some are by people who have seen no ad, however many the others have.
      userId: random.below(20) === 0 ? 'stranger' : `user-${random.below(USERS)}`,
      merchantId: `merchant-${random.below(2)}`,
      amountMicros: random.below(50_000_000),
    };
  }
}

function checkReceipt(text: string, due: Due): void {
  const { verdicts } = JSON.parse(text) as { verdicts: Record<string, number> };
  const { accepted, duplicate, stale, conflict, late, future, invalid } = verdicts;
  const told = { acceptedOrDuplicate: accepted + duplicate, stale, conflict, late };
  if (future + invalid === 0 && JSON.stringify(told) === JSON.stringify(due)) return;
  throw new Error(`due were ${JSON.stringify(due)}, the answer was ${text}`);
}
