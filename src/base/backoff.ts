/** However often something failed, the next attempt comes after so long at the latest, unless said otherwise. */
const BACKOFF_MS_MAX = 30_000;

/**
 * Milliseconds to wait after failure number `failure` (from 1): twice as long each time, the later half of it by chance
 * (0 to 1), so that what failed together does not come back together.
 */
export function backoffMs(failure: number, firstMs: number, chance: number, mostMs = BACKOFF_MS_MAX): number {
  return jitteredMs(Math.min(mostMs, firstMs * 2 ** (failure - 1)), chance);
}

/** From half of `longestMs` to all of it. */
export function jitteredMs(longestMs: number, chance: number): number {
  return longestMs * (0.5 + chance / 2);
}
