import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WideMap } from '../../src/base/wide-map.ts';

interface Step {
  readonly key: string;
  readonly value: number;
  readonly isDelete: boolean;
}

/** Does the same to either map, and says what it is like then. */
function act(map: WideMap<number> | Map<string, number>, { key, value, isDelete }: Step): unknown {
  const done = isDelete ? map.delete(key) : map.set(key, value) !== null;
  return [done, map.size, map.has(key), map.get(key), [...map.values()].toSorted((a, b) => a - b)];
}

test('is a map', () => {
  const key = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('order-1', 'order-2', 'ordre-1'));
  const step = fc.record({ key, value: fc.nat(), isDelete: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const [wide, plain] = [new WideMap<number>(), new Map<string, number>()];
      for (const each of steps) expect(act(wide, each)).toEqual(act(plain, each));
    }),
  );
});

test('spreads ids that differ in few characters', () => {
  const wide = new WideMap<number>();
  for (let n = 0; n < 6400; n++) wide.set(`order-2026-11-${n}`, n);
  // In the order of the parts: neighbours seldom stand side by side.
  const values = [...wide.values()];
  expect(values.filter((value, n) => n > 0 && value === values[n - 1] + 1).length).toBeLessThan(640);
});
