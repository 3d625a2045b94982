import type { AdEvent } from '../../../src/model/ad-event.ts';
import type { Touch } from '../../../src/model/touch.ts';
import { ALWAYS_REQUIRED } from '../../../src/model/ad-event.ts';
import { EventBatch, FAULT, IN_TEXT, ROW_WORDS } from '../../../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../../../src/embedded/scan/event-scanner.ts';
import { DimensionTable } from '../../../src/embedded/state/dimension-table.ts';
import { TouchStore, type TouchOptions } from '../../../src/embedded/touches/touch-store.ts';

export const SEED = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
export const REGION = 'a';

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
      .map(({ userId: _, ...touch }) => ({ ...touch, region: REGION }))
      .toSorted((a, b) => a.eventTime - b.eventTime || (a.eventId < b.eventId ? -1 : 1));
  }
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
