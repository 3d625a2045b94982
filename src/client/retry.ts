/** How long a client keeps trying. */
export interface RetryPolicy {
  /** After so long without success it gives up, ms. */
  readonly patienceMs: number;
  readonly firstDelayMs: number;
  readonly delayMsMax: number;
  /** How long a region may say 429 before its requests go to the other one, ms. */
  readonly overloadMsMax: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  patienceMs: 60_000,
  firstDelayMs: 100,
  delayMsMax: 5000,
  overloadMsMax: 3000,
};

/**
 * Milliseconds to wait after failure number `failure` (from 1): twice as long each time, the later half of it by chance, so
 * that clients that failed together do not come back together; never less than the server asked for.
 */
export function retryDelay(
  failure: number,
  retryAfterMs: number,
  chance: number,
  policy: RetryPolicy,
): number {
  const longest = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** (failure - 1));
  return Math.max(retryAfterMs * (1 + chance / 10), longest * (0.5 + chance / 2));
}
