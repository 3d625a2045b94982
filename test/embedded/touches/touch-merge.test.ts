import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseRuns } from '../../../src/embedded/touches/touch-merge.ts';
import { MIB } from '../../../src/base/units.ts';

interface Sized {
  readonly bytes: number;
  readonly newest: number;
  /** How often its oldest bytes have been written. */
  readonly writes: number;
}

const WIDTH = 8;
const SPAN_MS = 1000;

/** What is left of runs that come one after the other, when after each one is merged what is to be. */
function mergeAll(sizes: readonly number[], newestOf: (n: number) => number): readonly Sized[] {
  let runs: Sized[] = [];
  for (const [n, bytes] of sizes.entries()) {
    runs.push({ bytes, newest: newestOf(n), writes: 1 });
    const chosen = chooseRuns(runs, WIDTH, SPAN_MS);
    if (chosen.length === 0) continue;
    const merged: Sized = {
      bytes: chosen.reduce((sum, run) => sum + run.bytes, 0),
      newest: Math.max(...chosen.map(({ newest }) => newest)),
      writes: Math.max(...chosen.map(({ writes }) => writes)) + 1,
    };
    const at = runs.indexOf(chosen[0]);
    runs = [...runs.slice(0, at), merged, ...runs.slice(at + chosen.length)];
  }
  return runs;
}

describe('the runs to merge', () => {
  test('are the last of one size', () => {
    const sizes = Array.from({ length: 55 }, () => 54 * MIB);
    const runs = mergeAll(sizes, (n) => (n * SPAN_MS) / 16);
    expect(runs.map(({ bytes }) => bytes / (54 * MIB))).toEqual([8, 8, 8, 8, 8, 8, 1, 1, 1, 1, 1, 1, 1]);
    expect(runs.every(({ writes }) => writes <= 2)).toBe(true);
  });

  test.each([
    [63, 65],
    [54, 10],
    [54, 54, 54, 2],
  ])('are found among sizes that take turns: %j', (...turns) => {
    const runs = mergeAll(
      Array.from({ length: 64 }, (_, n) => turns[n % turns.length] * MIB),
      () => 0,
    );
    expect(runs.length).toBeLessThanOrEqual(14);
  });

  test('stay few, and no byte is written often, whatever their sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 * MIB }), { maxLength: 200 }), (sizes) => {
        const runs = mergeAll(sizes, () => 0);
        const total = sizes.reduce((sum, size) => sum + Math.max(size, MIB), 0);
        const levels = Math.log(Math.max(1, total / MIB)) / Math.log((WIDTH * 3) / 4);
        expect(Math.max(1, ...runs.map(({ writes }) => writes))).toBeLessThanOrEqual(levels + 1);
        expect(runs.length).toBeLessThanOrEqual(5 * WIDTH);
      }),
    );
  });

  test('are none that end far apart', () => {
    const runs = mergeAll(
      Array.from({ length: 32 }, () => MIB),
      (n) => n * 200,
    );
    expect(runs).toHaveLength(32);
    expect(
      mergeAll(
        Array.from({ length: 8 }, () => MIB),
        (n) => n * 100,
      ),
    ).toHaveLength(1);
  });
});
