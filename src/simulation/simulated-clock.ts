import type { Clock, UnixMs } from '../base/clock.ts';

/** Virtual milliseconds that a turn of the event loop takes: time passes even in a world that only waits for turns. */
const TURN_MS = 0.001;

/** How busy a process has been since it last looked at the clock, ms. */
const LOOK_MS = 1.7;

interface Scheduled {
  readonly atMs: number;
  readonly action: () => void;
}

/**
 * Virtual time. Nothing happens until `step` runs the next scheduled action; whatever the world awaits (timers, turns, disk
 * operations) is scheduled here, so one seed gives one order of events.
 */
export class SimulatedClock {
  #elapsedMs = 0;
  #offsetMs: number;
  /** In the order of their time; of two with the same time the one scheduled first. */
  readonly #queue: Scheduled[] = [];

  /** `startMs`: the wall clock at the beginning, Unix ms. */
  constructor(startMs: UnixMs) {
    this.#offsetMs = startMs;
  }

  now(): UnixMs {
    return Math.floor(this.#offsetMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Moves the wall clock, forward or (negative) back; timers do not notice. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** Runs `action` once, `delayMs` of virtual time from now; the returned function cancels it. */
  schedule(delayMs: number, action: () => void): () => void {
    const scheduled = { atMs: this.#elapsedMs + Math.max(0, delayMs), action };
    let place = this.#queue.length;
    while (place > 0 && this.#queue[place - 1].atMs > scheduled.atMs) place--;
    this.#queue.splice(place, 0, scheduled);
    return () => {
      const found = this.#queue.indexOf(scheduled);
      if (found !== -1) this.#queue.splice(found, 1);
    };
  }

  /** Runs the next action and everything that follows from it at once; false when nothing is scheduled. */
  async step(): Promise<boolean> {
    await settleMicrotasks();
    const next = this.#queue.shift();
    if (next === undefined) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
    next.action();
    await settleMicrotasks();
    return true;
  }

  /** Steps until `promise` is settled and returns its result. Throws when the world stands still before that. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const progress = { settled: false };
    const settle = (): void => {
      progress.settled = true;
    };
    promise.then(settle, settle);
    await settleMicrotasks();
    while (!progress.settled) {
      const moved = await this.step();
      if (moved || progress.settled) continue;
      throw new Error('The world stands still: a promise waits for something that will never happen');
    }
    return promise;
  }
}

/** The clock as one process sees it. After `stop` none of its timers fires: the process is dead. */
export class ProcessClock implements Clock {
  readonly #clock: SimulatedClock;
  readonly #skewMs: number;
  #alive = true;
  #busyMs = 0;

  /** `skewMs`: how far its machine's wall clock is ahead of the world's. */
  constructor(clock: SimulatedClock, skewMs = 0) {
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  stop(): void {
    this.#alive = false;
  }

  now(): UnixMs {
    return this.#clock.now() + this.#skewMs;
  }

  /** Whenever a process looks, its own work has taken some time: or it would never think of giving way to others. */
  monotonicMs(): number {
    this.#busyMs += LOOK_MS;
    return this.#clock.monotonicMs() + this.#busyMs;
  }

  after(delayMs: number, action: () => void): () => void {
    return this.#clock.schedule(delayMs, () => {
      if (this.#alive) action();
    });
  }

  async turn(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.after(TURN_MS, resolve);
    });
  }
}

/** Lets every promise that can go on do so: the real event loop runs all of them before its next immediate. */
async function settleMicrotasks(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
