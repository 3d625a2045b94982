import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decayWeight, shareCredit } from '../../src/pipeline/credit-shares.ts';
import { amount } from './attribution-world.ts';

const MOST = 2 ** 53 - 1;

describe('shareCredit', () => {
  test.each([
    [10, [1, 1, 1], [4, 3, 3]],
    [11, [1, 1, 1], [4, 4, 3]],
    [2, [1, 1, 1], [1, 1, 0]],
    [0, [5, 1], [0, 0]],
    // Exact shares 6.25 and 3.75: the second lost more by rounding down.
    [10, [5, 3], [6, 4]],
    [1, [1, 2, 1], [0, 1, 0]],
    [MOST, [1], [MOST]],
    [MOST, [1, 1], [2 ** 52, 2 ** 52 - 1]],
    [MOST, [MOST, 1], [MOST - 1, 1]],
  ])('%d by %j', (amountMicros, weights, shares) => {
    const small = weights.map(BigInt);
    expect(shareCredit(amountMicros, small)).toEqual(shares);
    expect(
      shareCredit(
        amountMicros,
        small.map((weight) => weight << 60n),
      ),
    ).toEqual(shares);
  });

  test('sums to the amount, each share within a micro of the exact one', () => {
    const weights = fc.array(fc.bigInt({ min: 1n, max: 1n << 80n }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(amount, weights, (amountMicros, all) => {
        const shares = shareCredit(amountMicros, all).map(BigInt);
        const total = all.reduce((sum, weight) => sum + weight);
        expect(shares.reduce((sum, share) => sum + share)).toBe(BigInt(amountMicros));
        const far = shares.filter((share, rank) => {
          const off = share * total - BigInt(amountMicros) * all[rank];
          return off <= -total || off >= total;
        });
        expect(far).toEqual([]);
      }),
    );
  });
});

describe('decayWeight', () => {
  test('halves with every half-life, on a straight line in between', () => {
    const weights = [0, 50, 100, 150, 200, 250, 300].map((age) => decayWeight(age, 100));
    const full = 200n << 40n;
    expect(weights.map((weight) => Number((weight * 1000n) / full))).toEqual([
      1000, 750, 500, 375, 250, 187, 125,
    ]);
  });

  test('never rises with age, and is never 0', () => {
    const ages = fc.uniqueArray(fc.nat({ max: 10_000 }), { minLength: 2 });
    fc.assert(
      fc.property(ages, fc.integer({ min: 1, max: 300 }), (all, halfLifeMs) => {
        const weights = all.toSorted((a, b) => a - b).map((age) => decayWeight(age, halfLifeMs));
        const rising = weights.filter((weight, at) => at > 0 && weight > weights[at - 1]);
        expect(rising).toEqual([]);
        expect(weights.every((weight) => weight >= 1n)).toBe(true);
      }),
    );
    expect(decayWeight(90 * 86_400_000, 60_000)).toBe(1n);
    expect(decayWeight(40, 1)).toBe(2n);
    expect(decayWeight(41, 1)).toBe(1n);
  });
});
