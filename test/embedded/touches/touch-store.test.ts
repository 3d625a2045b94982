import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW, touchEvent, USERS } from './touch-events.ts';
import { SEED, TouchWorld, type TouchEvent } from './touch-world.ts';
import { Fingerprint } from '../../../src/embedded/scan/fingerprint.ts';

export function expectSame(world: TouchWorld, from = 0, to = Number.MAX_SAFE_INTEGER): void {
  for (const user of [...USERS, 'nobody']) {
    const plain = world.store.touchesOf(user, from, to);
    expect(sorted(plain)).toEqual(sorted(world.expected(user, from, to)));
    const times = plain.map(({ eventTime }) => eventTime);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
}

/** Events that share time and id come in any order. */
function sorted(touches: readonly unknown[]): string[] {
  return touches.map((touch) => JSON.stringify(touch, Object.keys(touch as object).toSorted())).toSorted();
}

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

export function eventOf(n: number): TouchEvent {
  return {
    eventId: `0195f3a0-0000-7000-8000-${String(n).padStart(12, '0')}`,
    eventType: n % 10 === 0 ? 'click' : 'impression',
    eventTime: NOW + n,
    adId: `ad-${n % 7}`,
    campaignId: 'c',
    advertiserId: 'adv',
    userId: `u${n % 100}`,
    merchantId: n % 3 === 0 ? `m-${n % 5}` : null,
  };
}

function usersOfOneHash(): [string, string] {
  const fingerprint = new Fingerprint(SEED);
  const seen = new Map<number, string>();
  for (let n = 0; ; n++) {
    const hash = fingerprint.userHashOf(`user ${n}`);
    const other = seen.get(hash);
    if (other !== undefined) return [other, `user ${n}`];
    seen.set(hash, `user ${n}`);
  }
}
