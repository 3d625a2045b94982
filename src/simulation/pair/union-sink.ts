import type {
  FeedId,
  RecordFeed,
  RecordKind,
  RecordKinds,
  RecordPage,
  Sink,
} from '../../union-load/ports.ts';
import { pause } from '../../base/pause.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import { expectEqual, type RegionAtRest } from '../checkers/checker.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { ProcessClock, type SimulatedClock } from '../simulated-clock.ts';
import type { Side } from './side.ts';

/** How bad a sink and the way to it are, per call. */
export interface SinkTemper {
  readonly delayMsMax: number;
  /** Probability that a call fails: before it has done anything, or after, so that nobody knows. */
  readonly fault: number;
}

interface SinkProcess {
  readonly clock: ProcessClock;
  readonly loading: UnionLoad;
}

type AnyRecord = RecordKinds[RecordKind];

/** A store as a sink has to be: rows and cursor in one step, of a record the highest revision. It fails, and its process dies. */
export class UnionSink implements Sink {
  readonly name = 'union';
  readonly #random: SeededRandom;
  readonly #world: SimulatedClock;
  readonly #temper: SinkTemper;
  readonly #sides: readonly Side[];
  readonly #rows = new Map<string, AnyRecord>();
  readonly #cursors = new Map<string, string>();
  #process: SinkProcess;
  isHealed = false;

  constructor(random: SeededRandom, world: SimulatedClock, temper: SinkTemper, sides: readonly Side[]) {
    this.#random = random;
    this.#world = world;
    this.#temper = temper;
    this.#sides = sides;
    this.#process = this.#start();
  }

  /** Its process dies where it is, and another one goes on with what was kept. */
  crash(): void {
    this.#process.clock.stop();
    this.#process = this.#start();
  }

  async cursor(feed: FeedId): Promise<string | undefined> {
    await this.#pass();
    return this.#cursors.get(keyOf(feed));
  }

  async load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void> {
    await this.#pass();
    for (const record of page.records) {
      const held = this.#rows.get(record.recordId);
      if (held === undefined || held.revision <= record.revision) this.#rows.set(record.recordId, record);
    }
    this.#cursors.set(keyOf(feed), page.cursor);
    await this.#pass();
  }

  /** Once all is healed it holds the records of both regions, each as it is there. */
  expectUnion(rests: readonly RegionAtRest[]): void {
    const expected = new Map<string, AnyRecord>();
    for (const { region } of rests) {
      const minutes = region.changedAdMinutes(undefined, Number.MAX_SAFE_INTEGER).records;
      const orders = region.changedOrders(undefined, Number.MAX_SAFE_INTEGER).records;
      for (const record of [...minutes, ...orders]) expected.set(record.recordId, record);
    }
    for (const [recordId, record] of expected) {
      expectEqual(`record ${recordId} in a sink`, this.#rows.get(recordId), record);
    }
  }

  /** A process that follows both regions. */
  #start(): SinkProcess {
    const clock = new ProcessClock(this.#world);
    const feeds = this.#sides.flatMap((side) => RECORD_KINDS.map((kind) => this.#feedOf(side, kind, clock)));
    const chance = (): number => this.#random.fraction();
    return { clock, loading: new UnionLoad({ feeds, sinks: [this], clock, chance, pageRecords: 7 }) };
  }

  #feedOf(side: Side, kind: RecordKind, clock: ProcessClock): RecordFeed {
    return {
      id: { region: side.name, kind },
      next: async (after, limit, waitMs) => {
        await this.#pass();
        let page = pageOf(side, kind, after, limit);
        if (page.records.length === 0 && waitMs > 0) {
          await pause(clock, Math.min(waitMs, 200));
          page = pageOf(side, kind, after, limit);
        }
        await this.#pass();
        return page;
      },
    };
  }

  async #pass(): Promise<void> {
    const { clock } = this.#process;
    const delayMs = this.isHealed ? 0.1 : this.#random.fraction() * this.#temper.delayMsMax;
    // A dead process hears of nothing any more.
    await pause(clock, delayMs);
    if (!this.isHealed && this.#random.chance(this.#temper.fault)) throw new Error('The sink has failed.');
  }
}

function pageOf(side: Side, kind: RecordKind, after: string | undefined, limit: number): RecordPage {
  const region = side.process?.region;
  if (region === undefined) throw new Error('Nobody is there.');
  return kind === 'ad-minutes' ? region.changedAdMinutes(after, limit) : region.changedOrders(after, limit);
}

function keyOf({ region, kind }: FeedId): string {
  return `${region}/${kind}`;
}
