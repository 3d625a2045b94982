import type { Clock } from '../../base/clock.ts';

/** Work beside the engine gives the event loop a turn after so long. */
const TURN_MS = 8;
/** The clock is looked at once in so many steps. */
const STEPS_PER_LOOK = 16;

/** Paces long work that is done in short steps beside the engine. */
export class Pacer {
  readonly #clock: Clock;
  #dueMs: number;
  #steps = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs() + TURN_MS;
  }

  /** Asked after every step: whether it is time for turn(). */
  isTurnDue(): boolean {
    return ++this.#steps % STEPS_PER_LOOK === 0 && this.#clock.monotonicMs() >= this.#dueMs;
  }

  async turn(): Promise<void> {
    await this.#clock.turn();
    this.#dueMs = this.#clock.monotonicMs() + TURN_MS;
  }
}
