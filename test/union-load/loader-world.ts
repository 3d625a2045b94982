import { AdtallyError } from '../../src/base/errors.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import { ProcessClock, SimulatedClock } from '../../src/simulation/simulated-clock.ts';
import type { FeedId, RecordFeed, RecordPage, Sink } from '../../src/union-load/ports.ts';

export function adMinute(region: string, adId: string, revision: number): AdMinute {
  return {
    recordId: adMinuteRecordId(region, adId, 60_000, 'EUR'),
    revision,
    region,
    adId,
    campaignId: 'c',
    advertiserId: 'v',
    minute: 60_000,
    currency: 'EUR',
    impressions: revision,
    clicks: 0,
    costMicros: 0,
  };
}

/** Virtual time that can be let pass. */
export class World {
  readonly time = new SimulatedClock(1_000_000);
  readonly clock = new ProcessClock(this.time);

  async pass(ms: number): Promise<void> {
    const over = new Promise<void>((resolve) => void this.time.schedule(ms, resolve));
    await this.time.run(over);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A feed over records in memory; its cursor says how many of them a reader has. */
export class ScriptedFeed implements RecordFeed<'ad-minutes'> {
  readonly id: FeedId<'ad-minutes'>;
  readonly #world: World;
  readonly records: AdMinute[] = [];
  /** Changes when the region has lost its data: cursors of before are none. */
  origin = 'o1';
  fault: Error | undefined;
  asked = 0;
  /** Cursors that were asked with. */
  readonly cursors: (string | undefined)[] = [];
  asOf = 1;

  constructor(region: string, world: World) {
    this.id = { region, kind: 'ad-minutes' };
    this.#world = world;
  }

  async next(
    after: string | undefined,
    limit: number,
    waitMs: number,
    stop: AbortSignal,
  ): Promise<RecordPage<'ad-minutes'>> {
    this.asked++;
    this.cursors.push(after);
    if (this.fault !== undefined) throw this.fault;
    const [origin, have] = after === undefined ? [this.origin, 0] : after.split('-');
    if (origin !== this.origin) throw new AdtallyError('bad_cursor', 'The cursor is of other data.');
    if (Number(have) === this.records.length && waitMs > 0) await this.#wait(waitMs, stop);
    if (origin !== this.origin) throw new AdtallyError('bad_cursor', 'The data was lost meanwhile.');
    const records = this.records.slice(Number(have), Number(have) + limit);
    const end = Number(have) + records.length;
    const caughtUp = end === this.records.length;
    return { records, cursor: `${this.origin}-${end}`, caughtUp, asOf: this.asOf, finalBefore: 0 };
  }

  #wait(waitMs: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#world.clock.after(waitMs, resolve);
      stop.addEventListener('abort', () => {
        cancel();
        reject(new AdtallyError('unreachable', 'The request was ended.'));
      });
    });
  }
}

/** A sink that keeps the highest revision of each record, and fails when told to. */
export class MemorySink implements Sink {
  readonly name: string;
  readonly rows = new Map<string, AdMinute>();
  readonly #cursors = new Map<string, string>();
  /** What a call does before anything is kept. */
  fault: Error | undefined;
  /** Whether a load keeps its page and fails after that. */
  failsAfter = false;
  loads = 0;
  #isBusy = false;
  overlaps = 0;
  /** Resolves when a load may go on. */
  gate: Promise<void> = Promise.resolve();

  constructor(name = 'memory') {
    this.name = name;
  }

  async cursor({ region }: FeedId): Promise<string | undefined> {
    if (this.fault !== undefined) throw this.fault;
    return this.#cursors.get(region);
  }

  async load({ region }: FeedId, page: RecordPage): Promise<void> {
    if (this.#isBusy) this.overlaps++;
    this.#isBusy = true;
    this.loads++;
    await this.gate;
    this.#isBusy = false;
    if (this.fault !== undefined) throw this.fault;
    for (const record of page.records as AdMinute[]) {
      const known = this.rows.get(record.recordId);
      if (known === undefined || record.revision >= known.revision) this.rows.set(record.recordId, record);
    }
    this.#cursors.set(region, page.cursor);
    if (this.failsAfter) throw new Error('the answer of the sink got lost');
  }
}
