import { expect } from 'vitest';
import { NOW, USERS } from './touch-events.ts';
import type { AdEvent } from '../../../src/model/ad-event.ts';
import type { Touch } from '../../../src/model/touch.ts';
import { ALWAYS_REQUIRED } from '../../../src/model/ad-event.ts';
import { EventBatch, FAULT, IN_TEXT, ROW_WORDS } from '../../../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../../../src/embedded/scan/event-scanner.ts';
import { Fingerprint } from '../../../src/embedded/scan/fingerprint.ts';
import { DimensionTable } from '../../../src/embedded/state/dimension-table.ts';
import { TouchStore, type TouchOptions } from '../../../src/embedded/touches/touch-store.ts';

const SEED = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const REGION = 'a';

export type TouchEvent = Pick<
  AdEvent,
  'eventId' | 'eventType' | 'eventTime' | 'adId' | 'campaignId' | 'advertiserId' | 'userId' | 'merchantId'
>;

/** A touch store beside a list of the same events, the slow and obvious way. */
export class TouchWorld {
  readonly dimensions = new DimensionTable(1);
  readonly events: TouchEvent[] = [];
  readonly #options: TouchOptions;
  readonly #scanner = new EventScanner({ requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' }, SEED);
  store: TouchStore;

  constructor(options: TouchOptions = {}) {
    this.#options = options;
    this.store = this.newStore();
  }

  /** A store that holds nothing, as a process has it that starts. */
  newStore(): TouchStore {
    return new TouchStore(REGION, SEED, this.dimensions, this.#options);
  }

  add(events: readonly TouchEvent[]): void {
    addTo(this.store, this.#scanner, this.dimensions, events);
    this.events.push(...events);
  }

  /** Adds them once more, to the store alone: the log's tail behind a snapshot. */
  addAgain(events: readonly TouchEvent[]): void {
    addTo(this.store, this.#scanner, this.dimensions, events);
  }

  /** What the store has to answer. */
  expected(userId: string, from: number, to: number): Touch[] {
    const first = Math.max(from, this.store.expiredBefore);
    return this.events
      .filter((event) => event.userId === userId && event.eventTime >= first && event.eventTime <= to)
      .map(touchOf)
      .toSorted((a, b) => a.eventTime - b.eventTime || (a.eventId < b.eventId ? -1 : 1));
  }
}

function touchOf(event: TouchEvent): Touch {
  const { eventId, eventType, eventTime, adId, campaignId, advertiserId, merchantId } = event;
  return { eventId, eventType, eventTime, adId, campaignId, advertiserId, merchantId, region: REGION };
}

function addTo(
  store: TouchStore,
  scanner: EventScanner,
  dimensions: DimensionTable,
  events: readonly TouchEvent[],
): void {
  const body = Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'));
  const source = new DataView(body.buffer, body.byteOffset, body.length);
  const batch = new EventBatch(events.length + 1);
  scanner.scan(body, 'ndjson', 0, batch);
  for (let row = 0; row < batch.count; row++) {
    const at = row * ROW_WORDS;
    if (batch.words[at + FAULT] !== 0) throw new Error(`event ${row} is not valid`);
    const text = batch.words[at + IN_TEXT] === 0 ? source : batch.textView;
    store.add(batch.words, batch.doubles, row, text, dimensions.intern(batch.words, at, text, -1));
  }
}

/** Holds the store to its list, for every user. */
export function expectSame(world: TouchWorld, from = 0, to = Number.MAX_SAFE_INTEGER): void {
  for (const user of [...USERS, 'nobody']) {
    const plain = world.store.touchesOf(user, from, to);
    expect(sorted(plain)).toEqual(sorted(world.expected(user, from, to)));
    const times = plain.map(({ eventTime }) => eventTime);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
}

/** Events that share time and id come in any order. */
function sorted(touches: readonly unknown[]): string[] {
  return touches.map((touch) => JSON.stringify(touch, Object.keys(touch as object).toSorted())).toSorted();
}

export function eventOf(n: number): TouchEvent {
  return {
    eventId: `0195f3a0-0000-7000-8000-${String(n).padStart(12, '0')}`,
    eventType: n % 10 === 0 ? 'click' : 'impression',
    eventTime: NOW + n,
    adId: `ad-${n % 7}`,
    campaignId: 'c',
    advertiserId: 'adv',
    userId: `u${n % 100}`,
    merchantId: n % 3 === 0 ? `m-${n % 5}` : null,
  };
}

/** Two users whose hash is the same. */
export function usersOfOneHash(): [string, string] {
  const fingerprint = new Fingerprint(SEED);
  const seen = new Map<number, string>();
  for (let n = 0; ; n++) {
    const hash = fingerprint.userHashOf(`user ${n}`);
    const other = seen.get(hash);
    if (other !== undefined) return [other, `user ${n}`];
    seen.set(hash, `user ${n}`);
  }
}
