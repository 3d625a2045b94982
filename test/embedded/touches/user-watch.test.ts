import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserWatch } from '../../../src/embedded/touches/user-watch.ts';

test('watches as often as asked, and lets go as often', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.nat({ max: 9 }), fc.integer())), { maxLength: 400 }),
      (steps) => {
        const watch = new UserWatch();
        const model = new Map<number, number>();
        for (const [isOn, hash] of steps) {
          const count = model.get(hash) ?? 0;
          if (isOn) watch.watch(hash);
          else if (count > 0) watch.unwatch(hash);
          model.set(hash, Math.max(0, count + (isOn ? 1 : -1)));
        }
        for (const [hash, count] of model) expect(watch.has(hash)).toBe(count > 0);
        expect(watch.size).toBe([...model.values()].filter((count) => count > 0).length);
      },
    ),
  );
});
