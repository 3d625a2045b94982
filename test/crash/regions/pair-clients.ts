import { setTimeout as sleep } from 'node:timers/promises';
import type { RegionAddress } from '../../../src/client/region-request.ts';
import { RegionSender } from '../../../src/client/region-sender.ts';
import type { Random } from '../../../src/generator/random.ts';
import { call } from '../http-call.ts';
import type { SentEvent } from '../ledger.ts';
import type { PairTruth, SentOrder } from './pair-truth.ts';
import { NAMES, type Name } from './region-side.ts';

const ADS = 40;
const USERS = 300;
const EVENTS_MAX = 60;
const PATIENCE = { patienceMs: 120_000, firstDelayMs: 20, delayMsMax: 300 };

export type Addresses = Readonly<Record<Name, RegionAddress>>;

export interface PairClient {
  /** Until `stop`; the last request is brought to its end. Rejects at the first wrong answer. */
  run(stop: AbortSignal): Promise<void>;
  /** Requests that were not answered the first time. */
  readonly resends: number;
}

/** Sends to the region it prefers and to the other one while that fails, the same bytes until they are acknowledged. */
export class FailoverClient implements PairClient {
  readonly #events: EventMaker;
  readonly #random: Random;
  readonly #truth: PairTruth;
  readonly #addresses: Addresses;
  readonly #sender: RegionSender;
  #sent: readonly SentEvent[] = [];
  resends = 0;

  constructor(name: string, prefers: Name, random: Random, truth: PairTruth, addresses: Addresses) {
    this.#events = new EventMaker(name, random);
    this.#random = random;
    this.#truth = truth;
    this.#addresses = addresses;
    this.#sender = senderFor(prefers, addresses);
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const fresh = this.#events.make(1 + this.#random.below(EVENTS_MAX));
      // Some of those before come once more: to whichever region it is now.
      const again = this.#sent.filter(() => this.#random.below(10) === 0);
      const { url, resends, receipt } = await this.#sender.sendEvents(ndjson([...fresh, ...again]));
      this.resends += resends;
      const { counted, duplicate } = receipt.verdicts;
      if (counted + duplicate !== fresh.length + again.length) throw wrongAnswer(receipt);
      const name = NAMES.find((one) => this.#addresses[one].url === url)!;
      this.#truth.acknowledge(fresh, resends === 0 ? name : 'either');
      this.#truth.acknowledge(again, 'either');
      this.#sent = fresh;
      await sleep(this.#random.below(10));
    }
  }
}

/** Brings every request to both regions, whichever is up first. */
export class DoublingClient implements PairClient {
  readonly #events: EventMaker;
  readonly #random: Random;
  readonly #truth: PairTruth;
  readonly #senders: readonly RegionSender[];
  resends = 0;

  constructor(random: Random, truth: PairTruth, addresses: Addresses) {
    this.#events = new EventMaker('both', random, 'both');
    this.#random = random;
    this.#truth = truth;
    this.#senders = NAMES.map((name) => senderFor(name, addresses, 'alone'));
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const events = this.#events.make(1 + this.#random.below(EVENTS_MAX));
      const body = ndjson(events);
      const answers = await Promise.all(this.#senders.map((sender) => sender.sendEvents(body)));
      for (const { resends, receipt } of answers) {
        this.resends += resends;
        if (receipt.verdicts.counted + receipt.verdicts.duplicate !== events.length)
          throw wrongAnswer(receipt);
      }
      this.#truth.acknowledge(events, 'both');
      await sleep(this.#random.below(20));
    }
  }
}

/** Sends events to one region, and then, whatever came of it, stamped anew to the other until that acknowledges them. */
export class RestampingClient implements PairClient {
  readonly #events: EventMaker;
  readonly #random: Random;
  readonly #truth: PairTruth;
  readonly #addresses: Addresses;
  readonly #senders: Readonly<Record<Name, RegionSender>>;
  resends = 0;

  constructor(random: Random, truth: PairTruth, addresses: Addresses) {
    this.#events = new EventMaker('anew', random, 'own');
    this.#random = random;
    this.#truth = truth;
    this.#addresses = addresses;
    this.#senders = { a: senderFor('a', addresses, 'alone'), b: senderFor('b', addresses, 'alone') };
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const first = this.#events.make(1 + this.#random.below(20));
      const name = NAMES[this.#random.below(2)];
      const body = { type: 'application/x-ndjson', bytes: ndjson(first) } as const;
      await call(`${this.#addresses[name].url}/v1/events`, body).catch(() => this.resends++);
      const shiftMs = 1 + this.#random.below(200_000);
      const again = first.map((event) => ({ ...event, eventTime: event.eventTime - shiftMs }));
      await sleep(this.#random.below(100));
      await this.#senders[name === 'a' ? 'b' : 'a'].sendEvents(ndjson(again));
      for (const [at, event] of first.entries()) this.#truth.restamped.set(event.eventId, [event, again[at]]);
    }
  }
}

/** Places orders of the clients' users, and refunds or cancels some of them in either region. */
export class PairOrderClient implements PairClient {
  readonly #random: Random;
  readonly #truth: PairTruth;
  readonly #senders: readonly RegionSender[];
  readonly #orders: SentOrder[] = [];
  resends = 0;

  constructor(random: Random, truth: PairTruth, addresses: Addresses) {
    this.#random = random;
    this.#truth = truth;
    this.#senders = NAMES.map((name) => senderFor(name, addresses));
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const known = this.#orders.length;
      const order =
        known > 0 && this.#random.below(3) === 0
          ? nextVersion(this.#orders, this.#random.below(known), this.#random)
          : this.#place(known);
      const { resends } = await this.#senders[this.#random.below(2)].sendOrders(ndjson([order]));
      this.resends += resends;
      this.#truth.acknowledgeOrder(order);
      await sleep(this.#random.below(30));
    }
  }

  #place(number: number): SentOrder {
    const order: SentOrder = {
      orderId: `order-${number}`,
      orderVersion: 1,
      orderStatus: 'placed',
      orderTime: Date.now() - this.#random.below(120_000),
      userId: `user-${this.#random.below(USERS)}`,
      merchantId: `merchant-${this.#random.below(3)}`,
      amountMicros: this.#random.below(50_000_000),
    };
    this.#orders.push(order);
    return order;
  }
}

function nextVersion(orders: SentOrder[], index: number, random: Random): SentOrder {
  const order = orders[index];
  const orderStatus = random.below(3) === 0 ? 'cancelled' : 'refunded';
  const amountMicros = Math.floor(order.amountMicros / 2);
  return (orders[index] = { ...order, orderVersion: order.orderVersion + 1, orderStatus, amountMicros });
}

/** Makes events: of ads that all share, of ads of their own, or each with its own ad and user. */
class EventMaker {
  readonly #name: string;
  readonly #random: Random;
  readonly #ads: 'shared' | 'both' | 'own';
  #events = 0;

  constructor(name: string, random: Random, ads: 'shared' | 'both' | 'own' = 'shared') {
    this.#name = name;
    this.#random = random;
    this.#ads = ads;
  }

  make(count: number): SentEvent[] {
    return Array.from({ length: count }, () => this.#makeOne());
  }

  #makeOne(): SentEvent {
    const random = this.#random;
    const ad = random.below(ADS);
    const eventId = `${this.#name}-${++this.#events}`;
    const adId = { shared: `ad-${ad}`, both: `both-${ad}`, own: eventId }[this.#ads];
    return {
      eventId,
      eventType: random.below(5) === 0 ? 'click' : 'impression',
      eventTime: Date.now() - random.below(300_000),
      adId,
      campaignId: `campaign-${ad % 7}`,
      advertiserId: `advertiser-${ad % 3}`,
      userId: this.#ads === 'own' ? `of-${eventId}` : `user-${random.below(USERS)}`,
      merchantId: `merchant-${ad % 5}`,
      costMicros: random.below(10_000),
      currency: ad % 2 === 0 ? 'EUR' : 'USD',
    };
  }
}

function senderFor(prefers: Name, addresses: Addresses, alone?: 'alone'): RegionSender {
  const names = [prefers, ...NAMES.filter((name) => name !== prefers && alone === undefined)];
  const regions = names.map((name) => addresses[name]);
  return new RegionSender({ regions, retry: PATIENCE, timeoutMs: 5000 });
}

function ndjson(lines: readonly object[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')));
}

function wrongAnswer(receipt: object): Error {
  return new Error(`an answer that cannot be: ${JSON.stringify(receipt)}`);
}
