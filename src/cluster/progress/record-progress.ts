import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { pause } from '../../base/pause.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { orderRulesOf, ordersFinalBefore } from '../../pipeline/order-rules.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { PartitionEnds } from '../kafka/inspection.ts';
import type { NextOffset } from '../kafka/ports.ts';
import type { LoadedRegion } from '../pinot/ports.ts';
import type { ProgressSources, Step } from './ports.ts';
import { wayOf } from './record-way.ts';

const LOOK_EVERY_MS = 500;
const AGAIN_AFTER_MS = 5 * SECOND_MS;
/** Nobody asks any more. */
const IDLE_MS = MINUTE_MS;
/** An event gets its arrival before Kafka has it, and of the clock of its gateway. */
const ARRIVAL_SLACK_MS = MINUTE_MS;

export interface RecordProgressOptions {
  readonly spec: PipelineSpec;
  /** Whose Pinot it is. */
  readonly region: string;
  readonly sources: ProgressSources;
  readonly clock: Clock;
}

/** What arrives in one region, on its way through the records of another one or the same. */
interface Way {
  readonly from: string;
  readonly of: string;
  readonly steps: readonly Step[];
  /** All that had arrived by then has come to its end, Unix ms; null before any has. */
  through: UnixMs | null;
  /** Undefined while nobody follows it. */
  following: Promise<void> | undefined;
}

/**
 * How far the records of each region have come in the Pinot of one. It follows the way of what arrives: once all that a topic held at
 * some moment has been read, what became of it is in the next topic, up to where that ends by then. Begins with the first question, and
 * rests when nobody asks.
 */
export class RecordProgress {
  readonly #options: RecordProgressOptions;
  readonly #ways: readonly Way[];
  readonly #stop = new AbortController();
  /** By region, topic and partition: messages were found to be none, from and to. */
  readonly #gaps = new Map<string, { readonly from: bigint; readonly to: bigint }>();
  #askedAtMs = 0;

  constructor(options: RecordProgressOptions) {
    const { spec, region } = options;
    this.#options = options;
    this.#ways = spec.regions.flatMap((of) =>
      spec.regions.map((from) => ({
        from,
        of,
        steps: wayOf(spec, from, of, region),
        through: null,
        following: undefined,
      })),
    );
  }

  /** What is known by now. */
  regions(): readonly LoadedRegion[] {
    const { spec, clock } = this.#options;
    this.#askedAtMs = clock.monotonicMs();
    for (const way of this.#ways) way.following ??= this.#follow(way);
    const rules = orderRulesOf(spec);
    return spec.regions.map((region) => {
      const ways = this.#ways.filter(({ of }) => of === region);
      const asOf = ways.find(({ from }) => from === region)!.through;
      const settled = Math.min(...ways.map(({ through }) => through ?? 0));
      return {
        region,
        asOf,
        finalBefore: ordersFinalBefore(settled - ARRIVAL_SLACK_MS, rules),
        lagMs: asOf === null ? null : Math.max(0, clock.now() - asOf),
      };
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const { following } of this.#ways) await following;
  }

  async #follow(way: Way): Promise<void> {
    while (this.#isWanted) {
      const at = this.#options.clock.now();
      try {
        for (const step of way.steps) await this.#untilRead(step);
        if (this.#isWanted) way.through = at;
        await this.#pause(LOOK_EVERY_MS);
      } catch (error) {
        if (!(error instanceof AdtallyError)) throw error;
        await this.#pause(AGAIN_AFTER_MS);
      }
    }
    // Each for itself: whoever asks while some are about to end must not take them to be followed.
    way.following = undefined;
  }

  async #untilRead(step: Step): Promise<void> {
    if (!this.#isWanted) return;
    let left = await this.#options.sources.ends(step.region, step.topics);
    for (;;) {
      left = await this.#unread(step, left);
      if (left.length === 0 || !this.#isWanted) return;
      await this.#pause(LOOK_EVERY_MS);
    }
  }

  /** Those of the partitions in which there is something left for the reader before the end. */
  async #unread(step: Step, ends: readonly PartitionEnds[]): Promise<PartitionEnds[]> {
    const positions = await this.#options.sources.positions(step);
    const checked = await Promise.all(
      ends.map(async (one) => {
        const { topic, partition, first, end } = one;
        const known = positions.find((next) => next.topic === topic && next.partition === partition);
        const offset = known === undefined || known.offset < first ? first : known.offset;
        return offset < end && (await this.#holdsMessages(step.region, { topic, partition, offset }, end));
      }),
    );
    return ends.filter((_, n) => checked[n]);
  }

  async #holdsMessages(region: string, from: NextOffset, to: bigint): Promise<boolean> {
    const place = `${region} ${from.topic}/${from.partition}`;
    const gap = this.#gaps.get(place);
    if (gap !== undefined && from.offset >= gap.from && to <= gap.to) return false;
    if (await this.#options.sources.holdsMessages(region, from, to)) return true;
    this.#gaps.set(place, { from: from.offset, to });
    return false;
  }

  get #isWanted(): boolean {
    if (this.#stop.signal.aborted) return false;
    return this.#options.clock.monotonicMs() - this.#askedAtMs <= IDLE_MS;
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#options.clock, ms, this.#stop.signal);
  }
}
