import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, touchEvent } from './touch-events.ts';
import { eventOf, expectSame, TouchWorld, usersOfOneHash } from './touch-world.ts';

describe('touches in memory', () => {
  test('are found by user and time range, whatever their texts', () => {
    fc.assert(
      fc.property(
        fc.array(touchEvent, { maxLength: 60 }),
        fc.integer({ min: NOW - 30, max: NOW }),
        fc.integer({ min: 0, max: 30 }),
        (events, from, length) => {
          const world = new TouchWorld({ memoryBytes: 2 ** 20 });
          world.add(events);
          expectSame(world);
          expect(world.store.count).toBe(events.length);
          expectSame(world, from, from + length);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('fill many chunks', () => {
    const world = new TouchWorld({ memoryBytes: 2 ** 20 });
    const events = Array.from({ length: 20_000 }, (_, n) => eventOf(n));
    for (let n = 0; n < events.length; n += 1000) world.add(events.slice(n, n + 1000));
    expect(world.store.count).toBe(20_000);
    expect(world.store.isWriteDue && world.store.isFull).toBe(true);
    for (const user of ['u0', 'u1', 'u99']) {
      expect(world.store.touchesOf(user, 0, NOW * 2)).toEqual(world.expected(user, 0, NOW * 2));
    }
  });

  test('whose retention is over are not seen any more, even when the clock goes back', () => {
    const world = new TouchWorld({ retentionMs: 1000 });
    const event = eventOf(1);
    world.add([event]);
    const seen = (): number => world.store.touchesOf(event.userId, 0, NOW * 2).length;
    world.store.passTime(event.eventTime + 1000);
    expect(seen()).toBe(1);
    world.store.passTime(event.eventTime + 1001);
    expect(seen()).toBe(0);
    world.store.passTime(event.eventTime);
    expect(seen()).toBe(0);
  });
});

test('users whose hashes are equal are told apart by their names', () => {
  const [a, b] = usersOfOneHash();
  const world = new TouchWorld();
  world.add([
    { ...eventOf(1), userId: a },
    { ...eventOf(2), userId: b },
  ]);
  for (const user of [a, b]) {
    expect(world.store.touchesOf(user, 0, NOW * 2)).toEqual(world.expected(user, 0, NOW * 2));
  }
});
