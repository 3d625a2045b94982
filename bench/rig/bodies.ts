import type { EventDraft } from '../../src/generator/event-writer.ts';
import { DEFAULT_TRAFFIC, TrafficGenerator } from '../../src/generator/traffic.ts';

/** No event of this traffic is longer. */
const EVENT_BYTES_MAX = 340;
export const FIELD_ORDERS = 10_000;
export const USERS = 10_000_000;

/**
 * Request bodies as NDJSON, always of new events: about 280 bytes each, fields in 10,000 orders, 10M users, 100k ads by
 * Zipf's law, 1% sent a second time. They lie in memory that is used again for the next ones, so that making them between
 * measured slices leaves no garbage behind.
 */
export class BodySource {
  readonly #traffic: TrafficGenerator;
  readonly #eventsPerBody: number;
  #arena = Buffer.alloc(0);

  constructor(seed: number, eventsPerBody: number, fieldOrders = FIELD_ORDERS, users = USERS) {
    this.#eventsPerBody = eventsPerBody;
    this.#traffic = new TrafficGenerator({
      ...DEFAULT_TRAFFIC,
      seed,
      ads: 100_000,
      users,
      fieldOrders,
      shares: { click: 0.02, duplicate: 0.01, restamped: 0, late: 0, future: 0, malformed: 0 },
    });
  }

  /** One of the latest events made, as numbers; undefined while there is none. */
  recent(): EventDraft | undefined {
    return this.#traffic.recent();
  }

  /** Bodies with `events` events in all; valid until the next call. `onBody` is told of each as it is made, their times follow `now`. */
  make(events: number, onBody: (n: number) => void = () => {}, now: () => number = Date.now): Uint8Array[] {
    const bytes = events * EVENT_BYTES_MAX;
    if (this.#arena.length < bytes) this.#arena = Buffer.alloc(bytes, 1);
    const bodies: Uint8Array[] = [];
    let end = 0;
    for (let made = 0; made < events; made += this.#eventsPerBody) {
      const { bytes: body } = this.#traffic.next(this.#eventsPerBody, now());
      this.#arena.set(body, end);
      bodies.push(this.#arena.subarray(end, (end += body.length)));
      onBody(bodies.length - 1);
    }
    return bodies;
  }
}

export function bytesOf(bodies: readonly Uint8Array[]): number {
  return bodies.reduce((sum, { length }) => sum + length, 0);
}
