import { describe, expect, test } from 'vitest';
import type { WritableFile } from '../../src/embedded/ports.ts';
import { CALM, crashAt, faultAt } from '../../src/simulation/disk/disk-plan.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { SimulatedClock } from '../../src/simulation/simulated-clock.ts';
import { SimulatedDisk } from '../../src/simulation/disk/simulated-disk.ts';
import type { PowerCut } from '../../src/simulation/disk/simulated-file.ts';

const ones = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const twos = (length: number): Uint8Array => new Uint8Array(length).fill(2);

function diskOf(seed: number): SimulatedDisk {
  return new SimulatedDisk(new SeededRandom(seed));
}

/** A durable file of 1000 ones, then 3000 twos behind them that were not synced. */
async function diskWithTail(seed: number): Promise<SimulatedDisk> {
  const disk = diskOf(seed);
  const file = await create(disk, 'log');
  await file.write(ones(1000), 0);
  await file.sync();
  await file.write(twos(3000), 1000);
  return disk;
}

async function create(disk: SimulatedDisk, path: string): Promise<WritableFile> {
  const mount = disk.mount();
  const file = await mount.openWrite(path, 'create');
  await mount.syncDirectory('.');
  return file;
}

async function outcomes(cut: PowerCut): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const disk = await diskWithTail(seed);
    disk.losePower(cut);
    found.push(disk.contents().get('log')!);
  }
  return found;
}

describe('what a power cut leaves', () => {
  test('synced bytes always survive', async () => {
    for (const cut of ['nothing_survives', 'all_survives', 'any_mix', 'last_is_torn'] as const) {
      for (const content of await outcomes(cut)) expect(content.subarray(0, 1000)).toEqual(ones(1000));
    }
  });

  test('nothing_survives and all_survives are what they say', async () => {
    for (const content of await outcomes('nothing_survives')) expect(content.length).toBe(1000);
    for (const content of await outcomes('all_survives')) {
      expect(content.subarray(1000)).toEqual(twos(3000));
    }
  });

  test('any_mix gives whole, lost, cut, holed and zeroed tails', async () => {
    const tails = (await outcomes('any_mix')).map((content) => content.subarray(1000));
    expect(tails.some((tail) => tail.length === 0)).toBe(true);
    expect(tails.some((tail) => tail.length === 3000 && tail.every((byte) => byte === 2))).toBe(true);
    expect(tails.some((tail) => tail.length === 3000 && tail.every((byte) => byte === 0))).toBe(true);
    expect(tails.some((tail) => tail.length % 512 !== 3000 % 512 && tail.every((byte) => byte === 2))).toBe(
      true,
    );
    expect(tails.some((tail) => tail.includes(0) && tail.includes(2))).toBe(true);
  });

  test('a later write may survive where an earlier one does not', async () => {
    let reordered = 0;
    for (let seed = 0; seed < 60; seed++) {
      const disk = diskOf(seed);
      const file = await create(disk, 'log');
      await file.write(ones(512), 0);
      await file.write(twos(512), 512);
      disk.losePower('any_mix');
      const content = disk.contents().get('log')!;
      if (content.length === 1024 && content[0] === 0 && content[1023] === 2) reordered++;
    }
    expect(reordered).toBeGreaterThan(0);
  });
});

describe('names', () => {
  test('a new file needs its directory synced, even when its bytes are', async () => {
    const survivors = new Set<boolean>();
    for (let seed = 0; seed < 30; seed++) {
      const disk = diskOf(seed);
      const file = await disk.mount().openWrite('x', 'create');
      await file.write(ones(1), 0);
      await file.sync();
      disk.losePower('any_mix');
      survivors.add(disk.contents().has('x'));
    }
    expect(survivors).toEqual(new Set([true, false]));
  });

  test('a rename is all or nothing, and durable after syncDirectory', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const disk = diskOf(seed);
      const mount = disk.mount();
      for (const [path, bytes] of [
        ['manifest', ones(4)],
        ['next', twos(4)],
      ] as const) {
        const file = await mount.openWrite(path, 'create');
        await file.write(bytes, 0);
        await file.sync();
      }
      await mount.syncDirectory('.');
      await mount.rename('next', 'manifest');
      if (seed % 2 === 0) await mount.syncDirectory('.');
      disk.losePower('any_mix');
      const manifest = disk.contents().get('manifest')!;
      expect([1, 2]).toContain(manifest[0]);
      expect(seed % 2 === 1 || manifest[0] === 2).toBe(true);
      expect(disk.contents().has('next')).toBe(manifest[0] === 1);
    }
  });

  test('files of a directory that was lost are lost', async () => {
    const disk = diskOf(1);
    const mount = disk.mount();
    await mount.makeDirectory('a/b');
    await mount.openWrite('a/b/x', 'create');
    await mount.syncDirectory('a/b');
    expect(await mount.list('a')).toEqual(['b']);
    disk.losePower('nothing_survives');
    expect(disk.contents().size).toBe(0);
  });
});

describe('failures', () => {
  test('after a failed sync a later one does not write the lost pages', async () => {
    for (const fault of ['io_error', 'ghost_sync'] as const) {
      const lost = new Set<boolean>();
      for (let seed = 0; seed < 40; seed++) {
        const disk = await diskWithTail(seed);
        disk.plan = faultAt(disk.operations + 2, fault);
        const file = await disk.mount().openWrite('log', 'existing');
        await expect(file.sync()).rejects.toThrow('EIO');
        const seenAlive = disk.contents().get('log')!.length;
        expect(fault === 'io_error' || seenAlive === 4000).toBe(true);
        await file.sync();
        disk.losePower('all_survives');
        lost.add(disk.contents().get('log')!.length < 4000);
      }
      expect(lost).toEqual(new Set([true, false]));
    }
  });

  test('a full disk rejects the write, which may have been done in part', async () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const disk = diskOf(seed);
      const file = await create(disk, 'log');
      disk.plan = faultAt(disk.operations + 1, 'no_space');
      await expect(file.write(ones(100), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
      sizes.add(disk.contents().get('log')!.length);
    }
    expect(sizes.size).toBeGreaterThan(5);
  });

  test('a bit flip is seen by whoever reads, and stays', async () => {
    const disk = await diskWithTail(1);
    disk.flipBit('log', 8 * 10 + 1);
    expect(disk.contents().get('log')![10]).toBe(3);
    disk.losePower('nothing_survives');
    expect(disk.contents().get('log')![10]).toBe(3);
  });
});

/** Bytes of a write of ten that are there after a crash at it. */
async function bytesAfterCrash(crash: 'before' | 'during' | 'after', seed: number): Promise<number> {
  const clock = new SimulatedClock(0);
  const disk = new SimulatedDisk(new SeededRandom(seed), CALM, (delayMs, action) =>
    clock.schedule(delayMs, action),
  );
  const file = await clock.run(disk.mount().openWrite('log', 'create'));
  disk.plan = crashAt(2, crash);
  let answered = false;
  const answer = (): void => {
    answered = true;
  };
  file.write(ones(10), 0).then(answer, answer);
  while (await clock.step());
  expect(answered).toBe(false);
  expect(disk.crashedAt).toMatchObject({ number: 2, kind: 'write', path: 'log' });
  disk.kill();
  return disk.contents().get('log')!.length;
}

describe('crash points', () => {
  test('the dead process never hears of the operation', async () => {
    expect(await bytesAfterCrash('before', 1)).toBe(0);
    expect(await bytesAfterCrash('after', 1)).toBe(10);
    const during = new Set<number>();
    for (let seed = 0; seed < 40; seed++) during.add(await bytesAfterCrash('during', seed));
    expect(during.has(10)).toBe(true);
    expect(during.size).toBeGreaterThan(3);
  });

  test('a dead process changes nothing any more', async () => {
    const disk = diskOf(1);
    const file = await create(disk, 'log');
    disk.mount();
    void file.write(ones(10), 0);
    expect(disk.contents().get('log')!.length).toBe(0);
  });
});
