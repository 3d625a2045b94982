import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { lockDirectory } from '../../src/adapters/node-disk/directory-lock.ts';

const NEVER_A_PID = 2 ** 22 + 1;

describe('the lock of a data directory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'adtally-lock-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('is held by one at a time and can be taken again after its release', async () => {
    const release = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'data_locked' });
    await release();
    const again = await lockDirectory(directory);
    await again();
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ['a dead process', JSON.stringify({ pid: NEVER_A_PID, started: '1' })],
    ['an earlier process with the same id', JSON.stringify({ pid: process.pid, started: '1' })],
    ['a crash while it was written', '{"pid":'],
  ])('left behind by %s is taken over', async (_, text) => {
    await writeFile(join(directory, 'LOCK'), text);
    const release = await lockDirectory(directory);
    await release();
  });

  test('goes to exactly one of many that find it stale', async () => {
    await writeFile(join(directory, 'LOCK'), JSON.stringify({ pid: NEVER_A_PID, started: '1' }));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
