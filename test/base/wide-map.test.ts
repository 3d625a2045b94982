import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WideMap } from '../../src/base/wide-map.ts';

test('is a map', () => {
  const key = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('order-1', 'order-2', 'ordre-1'));
  const step = fc.record({ key, value: fc.nat(), isDelete: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const wide = new WideMap<number>();
      const plain = new Map<string, number>();
      for (const { key: name, value, isDelete } of steps) {
        if (isDelete) expect(wide.delete(name)).toBe(plain.delete(name));
        else {
          wide.set(name, value);
          plain.set(name, value);
        }
        expect([wide.size, wide.has(name), wide.get(name)]).toEqual([
          plain.size,
          plain.has(name),
          plain.get(name),
        ]);
      }
      expect([...wide.values()].toSorted()).toEqual([...plain.values()].toSorted());
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
