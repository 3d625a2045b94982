import { assert } from '../base/assert.ts';

/** Weight of a touch of no age, per millisecond of the half-life. So much is left of it after 40 half-lives: 1. */
const FULL_WEIGHT = 1n << 40n;

/**
 * Splits `amountMicros` in proportion to `weights`, by the largest remainder: every share is rounded down, and the micros left
 * over go one each to those who lost most, of equal ones to the first. The shares sum to the amount exactly.
 */
export function shareCredit(amountMicros: number, weights: readonly bigint[]): number[] {
  const amount = BigInt(amountMicros);
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  assert(total > 0n, 'Credit is shared among touches that weigh something');
  const shares = weights.map((weight) => (amount * weight) / total);
  const remainders = weights.map((weight) => (amount * weight) % total);
  const left = Number(amount - shares.reduce((sum, share) => sum + share, 0n));
  const byRemainder = [...weights.keys()].toSorted(
    (a, b) => descending(remainders[a], remainders[b]) || a - b,
  );
  for (const rank of byRemainder.slice(0, left)) shares[rank] += 1n;
  return shares.map(Number);
}

/**
 * How much a touch of this age weighs: half as much after each half-life, on a straight line in between. Whole numbers only,
 * so that every machine and both engines get the same; at least 1.
 */
export function decayWeight(ageMs: number, halfLifeMs: number): bigint {
  const halvings = Math.floor(ageMs / halfLifeMs);
  const restMs = ageMs % halfLifeMs;
  const weight = (FULL_WEIGHT >> BigInt(halvings)) * BigInt(2 * halfLifeMs - restMs);
  return weight > 0n ? weight : 1n;
}

function descending(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a > b ? -1 : 1;
}
