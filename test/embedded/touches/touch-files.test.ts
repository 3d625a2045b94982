import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { TouchFiles } from '../../../src/embedded/touches/touch-files.ts';
import { TouchRun } from '../../../src/embedded/touches/touch-run.ts';
import {
  BLOCK_BYTES,
  BLOCK_WORDS,
  HEADER_BYTES,
  touchRunPath,
} from '../../../src/embedded/touches/touch-run-format.ts';
import type { TouchStore } from '../../../src/embedded/touches/touch-store.ts';
import { MemoryDisk } from '../memory-disk.ts';
import { NOW, touchEvent } from './touch-events.ts';
import { eventOf, expectSame, TouchWorld, usersOfOneHash, type TouchEvent } from './touch-world.ts';

const DATA_ID = '00'.repeat(16);
/** Every look at it finds a turn due. */
let ticks = 0;
const clock: Clock = {
  now: () => NOW,
  monotonicMs: () => (ticks += 100),
  after: () => () => undefined,
  turn: () => Promise.resolve(),
};

/** A store with its files, and the manifest that a crash would find. */
class StoredWorld extends TouchWorld {
  readonly disk = new MemoryDisk();
  #files = this.#newFiles();
  #named: readonly string[] = [];
  #block = 0;
  /** What only the log has. */
  #tail: TouchEvent[] = [];

  get runs(): readonly TouchRun[] {
    return this.store.runs;
  }

  get fileNames(): string[] {
    return [...this.disk.files.keys()];
  }

  arrive(events: readonly TouchEvent[]): void {
    this.add(events);
    this.#tail.push(...events);
  }

  /** Takes a snapshot. While it is being written `meanwhile` arrives, and `look` is called. */
  async snapshot(meanwhile: readonly TouchEvent[] = [], look: () => void = () => undefined): Promise<void> {
    const frozen = this.store.freeze();
    this.#tail = [];
    const first = this.#block + 1;
    this.#block += 3;
    const writing = this.#files.write(this.store, frozen, first, this.#block);
    this.arrive(meanwhile);
    look();
    const runs = await writing;
    look();
    this.#named = runs.map(({ name }) => name);
    await this.#files.adopt(this.store, runs);
  }

  merge(): Promise<void> {
    return this.#files.merge(this.store);
  }

  /** The process dies and another one starts: runs that the manifest names, then the log's tail. */
  async restart(): Promise<void> {
    const { expiredBefore } = this.store;
    this.store = this.newStore();
    this.store.loadExpired(expiredBefore);
    this.#files = this.#newFiles();
    const runs: TouchRun[] = [];
    for (const name of this.#named) runs.push(await TouchRun.open(this.disk, name, DATA_ID));
    this.store.adopt(runs);
    await this.#files.removeStrays(this.#named);
    this.addAgain(this.#tail);
  }

  #newFiles(): TouchFiles {
    return new TouchFiles(this.disk, clock, DATA_ID, 3);
  }
}

type Step =
  | { kind: 'arrive'; events: readonly TouchEvent[] }
  | { kind: 'snapshot'; events: readonly TouchEvent[] }
  | { kind: 'merge' }
  | { kind: 'restart' }
  | { kind: 'pass'; by: number };

const events = fc.array(touchEvent, { maxLength: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('arrive' as const), events }),
  fc.record({ kind: fc.constant('snapshot' as const), events }),
  fc.record({ kind: fc.constant('merge' as const) }),
  fc.record({ kind: fc.constant('restart' as const) }),
  fc.record({ kind: fc.constant('pass' as const), by: fc.integer({ min: 0, max: 1_000_000 }) }),
);

describe('touches on the disk', () => {
  test('answer like a plain list, whatever happens in between', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = new StoredWorld({ memoryBytes: 2 ** 20, retentionMs: 3_600_000 });
        let arrival = NOW;
        for (const next of steps) {
          if (next.kind === 'arrive') world.arrive(next.events);
          else if (next.kind === 'snapshot') await world.snapshot(next.events, () => expectSame(world));
          else if (next.kind === 'merge') await world.merge();
          else if (next.kind === 'restart') await world.restart();
          else world.store.passTime((arrival += next.by));
          expectSame(world);
        }
        expect(world.store.count).toBeLessThanOrEqual(world.events.length);
      }),
      { numRuns: 150 },
    );
  });

  test('are merged when there are several runs of a size, and the files made of are gone', async () => {
    const world = new StoredWorld();
    for (let n = 0; n < 3; n++) {
      world.arrive(many(n * 3000, 3000));
      await world.snapshot();
    }
    expect(world.runs).toHaveLength(3);
    await world.merge();
    expect(world.runs).toHaveLength(3);
    world.arrive(many(9000, 10));
    await world.snapshot();
    expect(world.runs.map(({ touches }) => touches)).toEqual([9000, 10]);
    expect(world.fileNames).toEqual(world.runs.map(({ name }) => touchRunPath(name)));
    expectUsers(world);
    await world.restart();
    expectUsers(world);
  });

  test('leave it by whole runs once all of them are over', async () => {
    const world = new StoredWorld({ retentionMs: 1000 });
    world.arrive([eventOf(0)]);
    await world.snapshot();
    world.store.passTime(NOW + 1000);
    world.arrive([eventOf(500)]);
    await world.snapshot();
    expect(world.fileNames).toHaveLength(2);
    world.store.passTime(NOW + 1001);
    await world.snapshot();
    expect(world.fileNames).toHaveLength(1);
    expect(world.store.count).toBe(1);
  });

  test('of one busy user are sorted by time, over many blocks', async () => {
    const world = new StoredWorld();
    const busy = many(0, 5000).map((event, n) => ({
      ...event,
      userId: 'busy',
      eventTime: NOW + ((n * 37) % 5000),
    }));
    world.arrive([...busy, ...many(0, 100)]);
    await world.snapshot();
    const found = world.store.touchesOf('busy', NOW + 100, NOW + 4000);
    expect(found).toEqual(world.expected('busy', NOW + 100, NOW + 4000));
    expect(found).toHaveLength(3901);
  });

  test('of users whose hashes are equal are told apart by their names', async () => {
    const users = usersOfOneHash();
    const world = new StoredWorld();
    world.arrive(many(0, 40).map((event, n) => ({ ...event, userId: users[n % 2] })));
    await world.snapshot();
    for (const user of users) {
      expect(world.store.touchesOf(user, 0, NOW * 2)).toEqual(world.expected(user, 0, NOW * 2));
    }
  });

  test.each([20, 6000])('of users that share a bucket are told apart, %i of them', async (count) => {
    // As few buckets as there can be: by the first 8 bits of the hash.
    const world = new StoredWorld({ memoryBytes: 1 });
    const bucketOf = (user: string): number => world.store.userHashOf(user) >>> 24;
    const users = Array.from({ length: 5000 }, (_, n) => `user ${n}`).filter((user) => bucketOf(user) === 7);
    world.arrive(many(0, count).map((event, n) => ({ ...event, userId: users[(n * 7) % users.length] })));
    await world.snapshot();
    expect(users.length).toBeGreaterThan(10);
    for (const user of users) {
      expect(world.store.touchesOf(user, 0, NOW * 2)).toEqual(world.expected(user, 0, NOW * 2));
    }
  });

  test('are refused when a bit of them is flipped', async () => {
    const world = new StoredWorld();
    world.arrive(many(0, 3000));
    await world.snapshot();
    const [[path, bytes]] = world.disk.files;
    let refused = 0;
    for (let bit = 11; bit < bytes.length * 8; bit += 8191) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      const wrong = await lookAround(world.disk, path, world);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(['data_corrupt', 'same']).toContain(wrong);
      if (wrong === 'data_corrupt') refused++;
    }
    expect(refused).toBeGreaterThan(10);
  });
});

test('a run that is cut short is refused, however it is read', async () => {
  const world = new StoredWorld();
  world.arrive(many(0, 3000));
  await world.snapshot();
  // What look-ups have read stays in the memory that they read into, and must not be taken for what is not there any more.
  expectUsers(world);
  const [[path, bytes]] = world.disk.files;
  world.disk.files.set(path, bytes.subarray(0, HEADER_BYTES + BLOCK_BYTES));
  const codes = Array.from({ length: 100 }, (_, user) => {
    try {
      const found = world.store.touchesOf(`u${user}`, 0, NOW * 2);
      expect(found).toEqual(world.expected(`u${user}`, 0, NOW * 2));
      return 'same';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  });
  expect(codes.filter((code) => code === 'data_corrupt').length).toBeGreaterThan(90);
  expect(new Set(codes)).toEqual(new Set(['same', 'data_corrupt']));
  const words = new Int32Array(BLOCK_WORDS * 4);
  await expect(world.runs[0].read(words, 0)).rejects.toMatchObject({ code: 'data_corrupt' });
});

test('users are found among others of very unlike shares', async () => {
  const world = new StoredWorld();
  const busy = many(0, 20_000).map((event, n) => ({
    ...event,
    userId: `u${Math.floor(100 * ((n * 0.618) % 1) ** 6)}`,
  }));
  world.arrive(busy);
  await world.snapshot();
  expectUsers(world);
  for (let n = 0; n < 500; n++) {
    const none = `nobody ${n}`;
    expect(world.store.touchesOf(none, 0, NOW * 2)).toEqual([]);
  }
});

async function lookAround(disk: MemoryDisk, path: string, world: StoredWorld): Promise<string> {
  try {
    const run = await TouchRun.open(disk, path.slice(path.indexOf('/') + 1), DATA_ID);
    const store: TouchStore = world.newStore();
    store.adopt([run]);
    for (let user = 0; user < 100; user++) {
      const found = store.touchesOf(`u${user}`, 0, NOW * 2);
      expect(found).toEqual(world.expected(`u${user}`, 0, NOW * 2));
    }
    return 'same';
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message;
  }
}

function many(from: number, count: number): TouchEvent[] {
  return Array.from({ length: count }, (_, n) => eventOf(from + n));
}

function expectUsers(world: StoredWorld): void {
  for (let user = 0; user < 100; user++) {
    expect(world.store.touchesOf(`u${user}`, 0, NOW * 2)).toEqual(world.expected(`u${user}`, 0, NOW * 2));
  }
}
