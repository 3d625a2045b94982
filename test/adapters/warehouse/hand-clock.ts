import type { Clock } from '../../../src/base/clock.ts';

/** A clock that goes when it is told to. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 1, 1);
  #timers: { readonly due: number; readonly action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { due: this.#now + delayMs, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  async turn(): Promise<void> {
    // Nobody waits for turns here.
  }

  /** Lets time pass and timers fire. */
  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter((timer) => timer.due <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.due > this.#now);
    for (const { action } of due) action();
  }
}
