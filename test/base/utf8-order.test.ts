import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8 } from '../../src/base/utf8-order.ts';

test('texts are ordered as their bytes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc
      .array(fc.constantFrom('a', 'é', 'ｚ', '\ud7ff', '\ue000', '😀', '\u{10ffff}'), { maxLength: 4 })
      .map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 5000 },
  );
  expect(compareUtf8('ｚ', '😀')).toBeLessThan(0);
  expect(compareUtf8('a', 'ab')).toBeLessThan(0);
});
