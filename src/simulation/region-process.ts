import { AdtallyError } from '../base/errors.ts';
import type { Region } from '../embedded/ports.ts';
import { openRegion } from '../embedded/region-engine.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import type { SeededRandom } from './seeded-random.ts';
import { ProcessClock, type SimulatedClock } from './simulated-clock.ts';
import type { SimulatedDisk } from './disk/simulated-disk.ts';

export const REGION_NAME = 'a';

export interface ProcessSetting {
  readonly disk: SimulatedDisk;
  readonly clock: SimulatedClock;
  readonly entropy: SeededRandom;
  readonly spec: PipelineSpec;
  /** Which region it is; the only one when not given. */
  readonly name?: string;
  /** How far its wall clock is ahead, ms. */
  readonly skewMs?: number;
}

/** One life of a region's process, from its start to its crash or end. */
export class RegionProcess {
  readonly #setting: ProcessSetting;
  readonly clock: ProcessClock;
  readonly #mourners = new Set<() => void>();
  #isDead = false;
  /** The error that stopped it, once there is one. */
  failure: Error | undefined;
  region: Region | undefined;

  constructor(setting: ProcessSetting) {
    this.#setting = setting;
    this.clock = new ProcessClock(setting.clock, setting.skewMs);
  }

  /** Whether it can still do anything: its disk may have crashed under it a moment ago. */
  get isAlive(): boolean {
    return !this.#isDead && this.#setting.disk.crashedAt === undefined;
  }

  /** Starts it and steps the world until the region is open (true), or the process has crashed or given up (false). */
  async start(): Promise<boolean> {
    const { disk, clock, entropy, spec, name = REGION_NAME } = this.#setting;
    const progress = { isOver: false };
    const open = async (): Promise<void> => {
      try {
        const entropyBytes = (length: number): Uint8Array => entropy.bytes(length);
        const diskOfProcess = disk.mount();
        const tuning = { touchMergeWidth: 2, peerPageBytes: 1500 };
        const options = { name, spec, disk: diskOfProcess, clock: this.clock, tuning };
        this.region = await openRegion({ ...options, entropy: entropyBytes });
        void this.#awaitFailure(this.region);
      } catch (error) {
        this.failure = error as Error;
      }
      progress.isOver = true;
    };
    void open();
    while (this.isAlive && !progress.isOver) {
      const moved = await clock.step();
      if (!moved && this.isAlive && !progress.isOver) throw new Error('The start of the region stands still');
    }
    return this.isAlive && this.region !== undefined;
  }

  /** No timer of it fires any more, no answer of it is heard. */
  die(): void {
    this.#isDead = true;
    this.clock.stop();
    for (const mourner of this.#mourners) mourner();
    this.#mourners.clear();
  }

  /** Calls `action` when the process dies; the returned function takes that back. */
  whenDead(action: () => void): () => void {
    this.#mourners.add(action);
    return () => this.#mourners.delete(action);
  }

  async #awaitFailure(region: Region): Promise<void> {
    this.failure = await region.failed;
  }

  /** Why it stopped itself, as a code; undefined when it did not. */
  get failureCode(): string | undefined {
    if (this.failure === undefined) return undefined;
    return this.failure instanceof AdtallyError ? this.failure.code : this.failure.name;
  }
}
