import { Marketplace, type EventFields } from './marketplace.ts';
import { OrderDesk, type OrderLimits } from './orders/order-desk.ts';
import { layOut, spoil, spoilOrder, type RequestFormat } from './request-body.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface SimulatedRequest {
  readonly of: 'events' | 'orders';
  readonly format: RequestFormat;
  readonly body: Uint8Array;
  /** The events or orders as they were before anything was spoiled: what a careless retry is made of. */
  readonly events: readonly EventFields[];
}

export interface WorkloadShape extends OrderLimits {
  readonly eventsPerRequestMax: number;
  /** How many of the requests are of orders. */
  readonly ordersShare: number;
}

const REMEMBERED_REQUESTS = 20;

/**
 * One client: sends new events and orders, retries what was not answered (mostly with the same bytes, sometimes stamped anew), and now
 * and then sends again what had been acknowledged long ago.
 */
export class SimulatedClient {
  readonly #random: SeededRandom;
  readonly #marketplace: Marketplace;
  readonly #orderDesk: OrderDesk;
  readonly #shape: WorkloadShape;
  #unanswered: SimulatedRequest[] = [];
  #acknowledged: SimulatedRequest[] = [];

  constructor(random: SeededRandom, shape: WorkloadShape) {
    this.#random = random;
    this.#shape = shape;
    this.#marketplace = new Marketplace(random.fork('marketplace'), shape);
    this.#orderDesk = new OrderDesk(random.fork('orders'), shape);
  }

  /** What it sends next, at `nowMs` of the wall clock. */
  next(nowMs: number): SimulatedRequest {
    const random = this.#random;
    const unanswered = this.#unanswered.shift();
    if (unanswered !== undefined && random.chance(0.9)) {
      return random.chance(0.75) ? unanswered : this.#sendAnew(unanswered, nowMs);
    }
    if (this.#acknowledged.length > 0 && random.chance(0.15)) {
      const old = random.pick(this.#acknowledged);
      return random.chance(0.5) ? old : this.#sendAnew(old, nowMs);
    }
    if (random.chance(this.#shape.ordersShare)) {
      return this.#request(
        'orders',
        Array.from({ length: this.#eventCount() }, () => this.#orderDesk.order(nowMs)),
      );
    }
    const events = Array.from({ length: this.#eventCount() }, () => this.#marketplace.event(nowMs));
    return this.#request('events', this.#withRepeats(events));
  }

  /** How long it waits before it sends again, ms. */
  pauseMs(): number {
    const random = this.#random;
    return random.chance(0.05) ? random.fraction() * 5000 : random.fraction() * 20;
  }

  answered(request: SimulatedRequest): void {
    this.#acknowledged.push(request);
    if (this.#acknowledged.length > REMEMBERED_REQUESTS) this.#acknowledged.shift();
  }

  /** No answer came, or the region asked to come back later. */
  unanswered(request: SimulatedRequest): void {
    this.#unanswered.push(request);
  }

  #eventCount(): number {
    const random = this.#random;
    const { eventsPerRequestMax } = this.#shape;
    if (random.chance(0.03)) return 0;
    if (random.chance(0.03)) return eventsPerRequestMax + random.below(2);
    return 1 + random.zipf(eventsPerRequestMax);
  }

  /** Some events stand twice in their own request, or with other content under the same id. */
  #withRepeats(events: readonly EventFields[]): EventFields[] {
    const random = this.#random;
    return events.flatMap((event) => {
      if (random.chance(0.95)) return [event];
      const again = random.chance(0.5) ? event : { ...event, userId: 'somebody else' };
      return [event, again];
    });
  }

  /** The same events with new stamps: other bytes, other content, the same ids. Orders keep the time they were placed at. */
  #sendAnew({ of, events }: SimulatedRequest, nowMs: number): SimulatedRequest {
    if (of === 'orders') return this.#request(of, events);
    return this.#request(
      of,
      events.map((event) => this.#marketplace.stampAgain(event, nowMs)),
    );
  }

  #request(of: SimulatedRequest['of'], events: readonly EventFields[]): SimulatedRequest {
    const random = this.#random;
    const format = random.pick<RequestFormat>(['json', 'ndjson']);
    const spoilOne = of === 'orders' && random.chance(0.5) ? spoilOrder : spoil;
    const texts = events.map((event) =>
      random.chance(0.06) ? spoilOne(event, random) : JSON.stringify(event),
    );
    return { of, format, body: layOut(texts, format, random), events };
  }
}
