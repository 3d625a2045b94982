import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RetiredChanges, type RetiredMinute } from '../../../src/embedded/state/retired-changes.ts';

describe('retired changes', () => {
  test('know the last change among the minutes retired since any minute, also after a restart', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 40 }), fc.nat(40), (changes, since) => {
        const noted: RetiredMinute[] = changes.map((change, minute) => [minute, change + 1]);
        const retired = new RetiredChanges();
        for (const [minute, change] of noted) retired.note(minute, change);
        const restarted = new RetiredChanges();
        restarted.load(retired.dump());
        const expected = Math.max(0, ...noted.slice(since).map(([, change]) => change));
        expect([retired.lastSince(since), restarted.lastSince(since)]).toEqual([expected, expected]);
      }),
    );
  });

  test('stay few, and then err on the side of telling a reader to begin again', () => {
    const retired = new RetiredChanges();
    for (let minute = 0; minute < 3000; minute++) retired.note(minute, 10_000 - minute);
    expect(retired.dump().length).toBeLessThanOrEqual(1000);
    for (const since of [0, 1999, 2000, 2500, 2999]) {
      expect(retired.lastSince(since)).toBeGreaterThanOrEqual(10_000 - since);
    }
    expect(retired.lastSince(3000)).toBe(0);
  });
});
