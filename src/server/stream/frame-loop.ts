import type { Clock } from '../../base/clock.ts';
import type { LiveFrames } from '../route.ts';

const FRAME_EVERY_MS = 500;

/** Makes a frame twice a second, once for all viewers, and only while there are any. */
export class FrameLoop implements LiveFrames {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #makeFrame: () => object;
  readonly #viewers = new Set<(frame: string) => void>();
  #cancel = (): void => {};

  constructor(clock: Pick<Clock, 'after'>, makeFrame: () => object) {
    this.#clock = clock;
    this.#makeFrame = makeFrame;
  }

  get isWatched(): boolean {
    return this.#viewers.size > 0;
  }

  watch(viewer: (frame: string) => void): () => void {
    this.#viewers.add(viewer);
    if (this.#viewers.size === 1) this.#show();
    else viewer(JSON.stringify(this.#makeFrame()));
    return () => {
      this.#viewers.delete(viewer);
      if (!this.isWatched) this.#cancel();
    };
  }

  close(): void {
    this.#cancel();
    this.#viewers.clear();
  }

  #show(): void {
    const frame = JSON.stringify(this.#makeFrame());
    for (const viewer of this.#viewers) viewer(frame);
    this.#cancel();
    this.#cancel = this.#clock.after(FRAME_EVERY_MS, () => this.#show());
  }
}
