import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** What a bucket said. */
export interface Taking {
  readonly allowed: boolean;
  /** Requests left now, whole. */
  readonly left: number;
  /** Whole seconds until the bucket is full. */
  readonly fullInSeconds: number;
  /** Whole seconds until the next request may come; 0 when it may now. */
  readonly retryInSeconds: number;
}

/**
 * Token buckets by name: each gives `rate` requests a second and holds `burst` at most. Memory is bounded: the names that were
 * silent the longest are forgotten, and begin again with a full bucket should they come back.
 */
export class TokenBuckets {
  readonly rate: number;
  readonly burst: number;
  readonly #clock: Clock;
  readonly #half: number;
  /** Two generations: what is used moves to the young one, and the old one is dropped when that is full. */
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();

  constructor(rate: number, burst: number, clock: Clock, bucketsMax = 20_000) {
    this.rate = rate;
    this.burst = burst;
    this.#clock = clock;
    this.#half = Math.max(1, Math.floor(bucketsMax / 2));
  }

  /** How many names are remembered: `bucketsMax` at most. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  take(name: string): Taking {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#bucket(name, nowMs);
    bucket.tokens = Math.min(this.burst, bucket.tokens + ((nowMs - bucket.atMs) * this.rate) / SECOND_MS);
    bucket.atMs = nowMs;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    return {
      allowed,
      left: Math.floor(bucket.tokens),
      fullInSeconds: Math.ceil((this.burst - bucket.tokens) / this.rate),
      retryInSeconds: allowed ? 0 : Math.max(1, Math.ceil((1 - bucket.tokens) / this.rate)),
    };
  }

  #bucket(name: string, nowMs: number): Bucket {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const bucket = this.#old.get(name) ?? { tokens: this.burst, atMs: nowMs };
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    } else {
      this.#old.delete(name);
    }
    this.#young.set(name, bucket);
    return bucket;
  }
}
