import { expect, it } from 'vitest';
import { parseExactJson } from '../../src/client/exact-answer.ts';

it('keeps whole numbers past 2^53 exact', () => {
  const text = '{"small":5,"large":9007199254740993,"rate":0.5,"huge":1e300,"items":[-9007199254740993]}';
  expect(parseExactJson(text)).toEqual({
    small: 5,
    large: 9007199254740993n,
    rate: 0.5,
    huge: 1e300,
    items: [-9007199254740993n],
  });
});
