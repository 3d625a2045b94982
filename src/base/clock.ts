/** Unix milliseconds, UTC. */
export type UnixMs = number;

/** The time of day and the passing of time, as a port: the pure rooms never read a clock themselves. */
export interface Clock {
  /** Wall clock, Unix ms. May jump. */
  now(): UnixMs;
  /** Milliseconds since some fixed instant; never goes back. For durations. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, action: () => void): () => void;
  /** Resolves after everything that already waits for the event loop had its turn. */
  turn(): Promise<void>;
}
