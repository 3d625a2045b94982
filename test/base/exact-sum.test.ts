import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ExactSum } from '../../src/base/exact-sum.ts';

test('a sum is what bigints add up to, whatever the sizes and however often it is read', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 1000 }),
    fc.maxSafeNat(),
    fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
  );
  fc.assert(
    fc.property(fc.array(value), fc.bigInt({ min: 0n, max: 2n ** 70n }), (values, begin) => {
      const sum = new ExactSum(begin);
      let expected = begin;
      for (const each of values) {
        sum.add(each);
        expected += BigInt(each);
        // Reading the value in between must not disturb the sum.
        const between = each % 3 === 0 ? sum.value : expected;
        expect(between).toBe(expected);
      }
      expect(sum.value).toBe(expected);
    }),
  );
});

test('small values stay exact past 2^53', () => {
  const sum = new ExactSum();
  for (let n = 0; n < 5_000_000; n++) sum.add(2 ** 32 - 1);
  expect(sum.value).toBe(5_000_000n * (2n ** 32n - 1n));
});
