import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExact } from '../../../src/dashboard/answers/exact-json.ts';
import { exactJson } from '../../../src/server/exact-json.ts';

test('any whole number arrives with all its digits', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.string(), (whole, text) => {
      const parsed = parseExact(exactJson({ whole, rows: [[whole, text]] })) as {
        whole: number | bigint;
        rows: [[number | bigint, string]];
      };
      expect(BigInt(parsed.whole)).toBe(whole);
      expect(BigInt(parsed.rows[0][0])).toBe(whole);
      expect(parsed.rows[0][1]).toBe(text);
    }),
  );
});

test('numbers that fit stay numbers', () => {
  expect(parseExact('[1, -2.5, 1e300, 9007199254740991, null, "9007199254740993"]')).toEqual([
    1,
    -2.5,
    1e300,
    9007199254740991,
    null,
    '9007199254740993',
  ]);
});
