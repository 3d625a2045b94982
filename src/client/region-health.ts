import type { RequestFailure } from './region-request.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';

/**
 * What a client knows of a region: whether it is up, and how long it is to be left alone. Times are those of a clock
 * that never goes back, ms.
 */
export class RegionHealth {
  readonly #policy: RetryPolicy;
  #isUp = true;
  #restUntilMs = 0;
  #failures = 0;
  #failedAtMs = -1;
  #overloadedSinceMs: number | undefined;
  #lastFailure: RequestFailure | undefined;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** Whether requests should go there at all while another region is up. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** The failure that it rests for. */
  get lastFailure(): RequestFailure | undefined {
    return this.#lastFailure;
  }

  /** How long it is still to be left alone, ms. */
  restMs(nowMs: number): number {
    return Math.max(0, this.#restUntilMs - nowMs);
  }

  answered(): void {
    this.wake();
    this.#failures = 0;
    this.#overloadedSinceMs = undefined;
  }

  /** It says that it is ready. Only a real answer makes it forget how often it failed: else one that fails all the same would be asked over and over. */
  wake(): void {
    this.#isUp = true;
    this.#restUntilMs = 0;
  }

  /** A request that began at `begunMs` failed. Of requests that failed together one counts. */
  failed(failure: RequestFailure, begunMs: number, nowMs: number, chance: number): void {
    this.#lastFailure = failure;
    if (begunMs >= this.#failedAtMs) {
      this.#failures++;
      this.#failedAtMs = nowMs;
    }
    const delayMs = retryDelay(Math.max(1, this.#failures), failure.retryAfterMs, chance, this.#policy);
    this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + delayMs);
    if (failure.kind !== 'overloaded') this.#isUp = false;
    else if (this.#isOverloadedForLong(failure.retryAfterMs, nowMs)) this.#isUp = false;
  }

  /** A short overload is waited out: if all moved over at once, the other region would be next. */
  #isOverloadedForLong(retryAfterMs: number, nowMs: number): boolean {
    this.#overloadedSinceMs ??= nowMs;
    const { overloadMsMax } = this.#policy;
    return retryAfterMs > overloadMsMax || nowMs - this.#overloadedSinceMs >= overloadMsMax;
  }
}
