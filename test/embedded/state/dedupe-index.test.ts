import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTITIONS, PARTITION_SHIFT } from '../../../src/embedded/state/dedupe-entry.ts';
import { type SnapshotMode } from '../../../src/embedded/state/dedupe-index.ts';
import { IdPermutation } from '../../../src/embedded/state/dedupe-permutation.ts';
import { craftId } from './crafted-ids.ts';
import { POOL, SEED, World } from './dedupe-world.ts';

const generation = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 490_000, max: 490_012 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5, max: 500_000 }) },
);
const some = fc.tuple(fc.nat(POOL.length - 1), fc.integer({ min: 1, max: POOL.length }));
const insertion = fc
  .tuple(some, fc.integer({ min: 0, max: 1 }), generation)
  .map(([[from, count], content, g]) => (world: World) => {
    const ids = POOL.slice(from, from + count);
    world.insert([...ids, ...ids.slice(0, 3)], content, g);
  });
const step = fc.oneof(
  { weight: 6, arbitrary: insertion },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 489_995, max: 490_012 }).map((g) => (world: World) => world.forget(g)),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<SnapshotMode>('full', 'delta')
      .map((mode) => (world: World) => world.begin(mode)),
  },
  {
    weight: 3,
    arbitrary: fc
      .double({ min: 0, max: 1, noNaN: true })
      .map((share) => (world: World) => world.advance(share)),
  },
  { weight: 2, arbitrary: fc.constant((world: World) => world.finish()) },
);

describe('dedupe index', () => {
  it('answers as a map of ids does, and its snapshots give back the cut', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const world = new World();
        for (const act of steps) act(world);
        world.end();
        expect(world.differences).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('permutation of ids', () => {
  it('is a bijection', () => {
    const word = fc.oneof(fc.constantFrom(0, -1, 1 << 31), fc.integer());
    fc.assert(
      fc.property(
        fc.tuple(word, word, word, word),
        fc.uint8Array({ minLength: 16, maxLength: 20 }),
        (id, seed) => {
          const out = new Int32Array(4);
          new IdPermutation(seed).apply(Int32Array.from(id), 0, out, 0);
          expect(craftId(seed, [...out])).toEqual(id);
        },
      ),
    );
  });

  it('spreads ids that differ in few bits', () => {
    const permutation = new IdPermutation(SEED);
    const perPartition = new Int32Array(PARTITIONS);
    const perHome = new Int32Array(1024);
    const out = new Int32Array(4);
    const ids = 1 << 17;
    for (let n = 0; n < ids; n++) {
      // 2^17 ids of one millisecond and one counter: all that differs stands in the top bits of one word.
      permutation.apply(Int32Array.of(0x0199_0000, 0x7abc, n << 15, 0), 0, out, 0);
      perPartition[(out[0] >>> PARTITION_SHIFT) & (PARTITIONS - 1)]++;
      perHome[out[1] >>> 22]++;
    }
    const even = ids / 1024;
    expect(Math.max(...perPartition)).toBeLessThan(even * 1.6);
    expect(Math.max(...perHome)).toBeLessThan(even * 1.6);
  });
});
