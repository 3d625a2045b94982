import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { lockDirectory } from '../../src/adapters/node-disk/directory-lock.ts';

const HOLD = `
  import { lockDirectory } from ${JSON.stringify(new URL('../../src/adapters/node-disk/directory-lock.ts', import.meta.url).href)};
  await lockDirectory(process.argv[1]).then(() => console.log('held'), (error) => console.log(error.code));
  setInterval(() => {}, 1000);
`;

describe('the lock of a data directory', () => {
  let directory: string;
  let children: ChildProcess[] = [];

  /** Another process that tries to take the lock, and what it says. */
  async function other(): Promise<{ process: ChildProcess; says: string }> {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLD, directory]);
    children.push(child);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    return { process: child, says: said.toString().trim() };
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'adtally-lock-'));
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await rm(directory, { recursive: true });
  });

  test('is held by one at a time and can be taken again after its release', async () => {
    const release = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'data_locked' });
    expect((await other()).says).toBe('data_locked');
    await release();
    expect((await other()).says).toBe('held');
  });

  test('names the process that holds it', async () => {
    const holder = await other();
    await expect(lockDirectory(directory)).rejects.toThrow(`(id ${holder.process.pid})`);
  });

  test('goes with a process that is killed', async () => {
    const holder = await other();
    holder.process.kill('SIGKILL');
    await once(holder.process, 'exit');
    const release = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'data_locked' });
    await release();
  });

  test('goes to exactly one of several that want it at once', async () => {
    const said = (await Promise.all([other(), other(), other(), other()])).map(({ says }) => says);
    expect(said.toSorted()).toEqual(['data_locked', 'data_locked', 'data_locked', 'held']);
  });
});
