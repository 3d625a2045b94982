/** `closed`: questions pass. `open`: none does. `half_open`: one is under way, to find out. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/** Leave to ask once. A probe decides whether the others may follow. */
export type Permit = 'question' | 'probe';

/**
 * Spares a service that is down, and the time of waiting for it: after so many failures in a row nothing is asked until a pause
 * has passed, then a single question, and all again once that one was answered. Times are monotonic ms.
 */
export class CircuitBreaker {
  readonly #failuresToOpen: number;
  readonly #pauseMs: number;
  #state: BreakerState = 'closed';
  #failuresInRow = 0;
  #probeAtMs = 0;
  /** How often it has opened from closed. */
  openings = 0;

  constructor(options: { failuresToOpen: number; pauseMs: number }) {
    this.#failuresToOpen = options.failuresToOpen;
    this.#pauseMs = options.pauseMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** When `mayAsk` can become true again by time alone; undefined when time changes nothing. */
  get probeAtMs(): number | undefined {
    return this.#state === 'open' ? this.#probeAtMs : undefined;
  }

  mayAsk(nowMs: number): boolean {
    return this.#state === 'closed' || (this.#state === 'open' && nowMs >= this.#probeAtMs);
  }

  /** Only after mayAsk: the permit goes back through `end`, whatever comes of the question. */
  begin(): Permit {
    if (this.#state === 'closed') return 'question';
    this.#state = 'half_open';
    return 'probe';
  }

  /** Questions from before it opened tell nothing new while it is open: only the probe counts then. */
  end(permit: Permit, isHealthy: boolean, nowMs: number): void {
    if (permit === 'question' && this.#state !== 'closed') return;
    if (isHealthy) this.#close();
    else if (permit === 'probe' || ++this.#failuresInRow >= this.#failuresToOpen) this.#open(nowMs);
  }

  /** Ends the pause: somebody knows that the service is back. */
  allowProbe(nowMs: number): void {
    this.#probeAtMs = Math.min(this.#probeAtMs, nowMs);
  }

  #open(nowMs: number): void {
    if (this.#state === 'closed') this.openings++;
    this.#state = 'open';
    this.#probeAtMs = nowMs + this.#pauseMs;
  }

  #close(): void {
    this.#state = 'closed';
    this.#failuresInRow = 0;
  }
}
