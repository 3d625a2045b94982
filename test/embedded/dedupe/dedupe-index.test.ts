import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTITIONS, PARTITION_SHIFT } from '../../../src/embedded/dedupe/dedupe-entry.ts';
import {
  DedupeIndex,
  OWN,
  PEERS,
  SAME_CONTENT,
  type SnapshotMode,
  UNSEEN,
} from '../../../src/embedded/dedupe/dedupe-index.ts';
import { IdPermutation } from '../../../src/embedded/dedupe/dedupe-permutation.ts';
import { craftId, idsThatCollide } from './crafted-ids.ts';
import { type Id, POOL, SEED, World, judge, locate } from './dedupe-world.ts';

const generation = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 490_000, max: 490_004 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5, max: 500_000 }) },
);
const some = fc.tuple(fc.nat(POOL.length - 1), fc.integer({ min: 1, max: POOL.length }));
const content = fc.integer({ min: 0, max: 1 });
const owner = fc.constantFrom<typeof OWN | typeof PEERS>(OWN, PEERS);
const insertion = fc
  .tuple(some, content, generation, owner)
  .map(([[from, count], ...how]) => (world: World) => {
    const ids = POOL.slice(from, from + count);
    world.insert([...ids, ...ids.slice(0, 3)], ...how);
  });
const gift = fc.tuple(some, content, generation, owner).map(([[from, count], ...how]) => (world: World) => {
  world.reown(POOL.slice(from, from + count), ...how);
});
const step = fc.oneof(
  { weight: 6, arbitrary: insertion },
  { weight: 3, arbitrary: gift },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 489_998, max: 490_004 }).map((g) => (world: World) => world.forget(g)),
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

const idOf = (n: number): Id => [n, 7, 7, 7];

describe('dedupe index', () => {
  it('answers as a map of ids does, and its snapshots give back the cut', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const world = new World();
        for (const act of steps) act(world);
        world.end();
        expect(world.differences).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves what came after the cut out of a snapshot, also in the generation of the cut', () => {
    const world = new World();
    world.insert(POOL.slice(0, 300), 0, 1);
    world.begin('full');
    world.insert(POOL.slice(300, 600), 0, 1);
    world.end();
    expect(world.differences).toEqual([]);
  });

  it('keeps the owners of the cut, whatever is given away while it is written, and later ones with a delta', () => {
    const world = new World();
    world.insert(POOL.slice(0, 600), 0, 1);
    world.insert(POOL.slice(600, 900), 1, 2, PEERS);
    world.begin('full');
    world.reown(POOL.slice(0, 200), 0, 2, PEERS);
    world.advance(0.5);
    world.reown(POOL.slice(200, 400), 0, 2, PEERS);
    world.reown(POOL.slice(600, 700), 1, 2, OWN);
    world.finish();
    world.reown(POOL.slice(300, 500), 0, 3, PEERS);
    world.insert(POOL.slice(900, 950), 0, 3);
    world.reown(POOL.slice(900, 925), 0, 3, PEERS);
    world.begin('delta');
    world.reown(POOL.slice(500, 600), 0, 3, PEERS);
    world.finish();
    world.begin('delta');
    world.end();
    expect(world.differences).toEqual([]);
  });

  it('remembers an id no longer after a restart when the clock had gone back before it was given away', () => {
    const world = new World();
    world.insert(POOL.slice(0, 10), 0, 5);
    world.reown(POOL.slice(0, 5), 0, 1, PEERS);
    world.reown(POOL.slice(5, 10), 0, 7, PEERS);
    world.forget(3);
    world.begin('delta');
    world.finish();
    world.forget(5);
    world.begin('delta');
    world.end();
    expect(world.differences).toEqual([]);
  });

  it('keeps what is forgotten after the cut until the snapshot has it, also when tables are rebuilt', () => {
    const world = new World();
    world.insert(POOL.slice(0, 1200), 0, 1);
    world.begin('full');
    world.forget(1);
    world.insert(POOL.slice(1200), 0, 2);
    world.insert(POOL.slice(0, 600), 1, 2);
    world.end();
    expect(world.differences).toEqual([]);
  });

  it('gives the entries of one generation one tag again, before another generation gets theirs', () => {
    const world = new World();
    for (const [n, mode] of (['full', 'full', 'delta', 'full', 'full'] as const).entries()) {
      world.insert(POOL.slice(n * 100, n * 100 + 100), 0, 7);
      world.begin(mode);
      world.finish();
      world.insert(POOL.slice(1000 + n * 100, 1100 + n * 100), 0, 8 + n);
    }
    world.end();
    expect(world.differences).toEqual([]);
  });

  it('adds to the right slot when a new generation has to sweep for a tag first', () => {
    const index = new DedupeIndex(SEED);
    const ids = idsThatCollide(SEED, 12_000);
    locate(index, ids, 1);
    const wrong = ids.flatMap((_, n) => {
      index.forgetThrough(n - 100);
      const before = index.seen(n);
      index.add(n, n);
      return before === UNSEEN && index.seen(n) === SAME_CONTENT ? [] : [n];
    });
    expect(wrong).toEqual([]);
    expect(index.size).toBe(100);
  });

  it('never runs out of tags for generations, and mixes none up', () => {
    const index = new DedupeIndex(SEED);
    const last = 9000;
    const wrong: number[] = [];
    for (let n = 0; n < last; n++) {
      const judged = judge(index, [idOf(n - 3), idOf(n)], 1, n);
      index.forgetThrough(n - 3);
      if (n >= 3 && (judged[0] !== SAME_CONTENT || judged[1] !== UNSEEN)) wrong.push(n);
    }
    expect(wrong).toEqual([]);
    // What was forgotten long ago is new again, though the tag it had now means something else.
    const judged = judge(
      index,
      Array.from({ length: last }, (_, n) => idOf(n)),
      1,
      last,
    );
    expect(judged.flatMap((seen, n) => (seen === UNSEEN ? [] : [n]))).toEqual([last - 3, last - 2, last - 1]);
  });

  it('refuses to add what it was not just asked about, and a snapshot out of turn', () => {
    const index = new DedupeIndex(SEED);
    locate(
      index,
      [
        [1, 2, 3, 4],
        [1, 2, 3, 5],
      ],
      1,
    );
    expect(index.seen(0)).toBe(UNSEEN);
    expect(() => index.add(1, 5)).toThrow('just found unseen');
    index.add(0, 5);
    expect(() => index.add(0, 5)).toThrow('just found unseen');
    expect(() => index.reown(0, 5, PEERS)).toThrow('just found with the same content');
    index.beginSnapshot('full');
    expect(() => index.beginSnapshot('delta')).toThrow('one snapshot');
    expect(() => index.slice(1)).toThrow('not the next');
    expect(() => index.endSnapshot()).toThrow('last slice');
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
