import type { Clock } from '../../base/clock.ts';
import { pause } from '../../base/pause.ts';
import { SECOND_MS } from '../../base/units.ts';

const BACKOFF_MS_MIN = SECOND_MS / 4;
/** A region that is back is heard soon; asking one that is gone costs next to nothing. */
const BACKOFF_MS_MAX = 5 * SECOND_MS;

/** Does a step again and again until it is closed; a step that fails is tried again, later and later. */
export class RetryLoop {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Why the last step failed; undefined when it did not. */
  error: Error | undefined;

  /** `step` resolves to how long to rest, ms. It must do nothing more once it has been told to stop. */
  constructor(clock: Clock, step: (stop: AbortSignal) => Promise<number>) {
    this.#clock = clock;
    this.#running = this.#run(step);
  }

  /** Resolves when no step is under way that could still do something. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(step: (stop: AbortSignal) => Promise<number>): Promise<void> {
    const { signal } = this.#stop;
    let backoffMs = BACKOFF_MS_MIN;
    while (!signal.aborted) {
      try {
        const restMs = await orStopped(step(signal), signal);
        this.error = undefined;
        backoffMs = BACKOFF_MS_MIN;
        await pause(this.#clock, restMs ?? 0, signal);
      } catch (error) {
        this.error = error instanceof Error ? error : new Error(String(error));
        await pause(this.#clock, backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      }
    }
  }
}

/** Undefined as soon as it is to stop: an answer that hangs holds no close up. */
async function orStopped(step: Promise<number>, signal: AbortSignal): Promise<number | undefined> {
  const { promise: stopping, resolve } = Promise.withResolvers<undefined>();
  const stopped = (): void => resolve(undefined);
  signal.addEventListener('abort', stopped);
  // When the stop comes first, nobody else hears of the step's failure.
  step.catch(() => {});
  try {
    return await Promise.race([step, stopping]);
  } finally {
    signal.removeEventListener('abort', stopped);
  }
}
