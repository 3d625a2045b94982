import { AdtallyError } from '../base/errors.ts';
import type { Region } from '../embedded/ports.ts';
import { openRegion } from '../embedded/region-engine.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import type { SeededRandom } from './seeded-random.ts';
import { ProcessClock, type SimulatedClock } from './simulated-clock.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export const REGION_NAME = 'a';

export interface ProcessSetting {
  readonly disk: SimulatedDisk;
  readonly clock: SimulatedClock;
  readonly entropy: SeededRandom;
  readonly spec: PipelineSpec;
}

/** One life of a region's process, from its start to its crash or end. */
export class RegionProcess {
  readonly #setting: ProcessSetting;
  readonly #clock: ProcessClock;
  readonly #mourners: (() => void)[] = [];
  #isDead = false;
  /** The error that stopped it, once there is one. */
  failure: Error | undefined;
  region: Region | undefined;

  constructor(setting: ProcessSetting) {
    this.#setting = setting;
    this.#clock = new ProcessClock(setting.clock);
  }

  /** Whether it can still do anything: its disk may have crashed under it a moment ago. */
  get isAlive(): boolean {
    return !this.#isDead && this.#setting.disk.crashedAt === undefined;
  }

  /** Starts it and steps the world until the region is open (true), or the process has crashed or given up (false). */
  async start(): Promise<boolean> {
    const { disk, clock, entropy, spec } = this.#setting;
    const progress = { isOver: false };
    const opening = openRegion({
      name: REGION_NAME,
      spec,
      disk: disk.mount(),
      clock: this.#clock,
      entropy: (length) => entropy.bytes(length),
    });
    opening.then(
      (region) => {
        progress.isOver = true;
        this.region = region;
        void region.failed.then((error) => {
          this.failure = error;
        });
      },
      (error: Error) => {
        progress.isOver = true;
        this.failure = error;
      },
    );
    while (this.isAlive && !progress.isOver) {
      const moved = await clock.step();
      if (!moved && this.isAlive && !progress.isOver) throw new Error('The start of the region stands still');
    }
    return this.isAlive && this.region !== undefined;
  }

  /** No timer of it fires any more, no answer of it is heard. */
  die(): void {
    this.#isDead = true;
    this.#clock.stop();
    for (const mourner of this.#mourners.splice(0)) mourner();
  }

  whenDead(action: () => void): void {
    this.#mourners.push(action);
  }

  /** Why it stopped itself, as a code; undefined when it did not. */
  get failureCode(): string | undefined {
    if (this.failure === undefined) return undefined;
    return this.failure instanceof AdtallyError ? this.failure.code : this.failure.name;
  }
}
