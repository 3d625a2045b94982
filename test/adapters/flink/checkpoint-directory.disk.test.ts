import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointDirectory } from '../../../src/adapters/flink/checkpoint-directory.ts';

let root: string;
const files = new CheckpointDirectory();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'adtally-checkpoints-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, second: number): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), '');
  utimesSync(join(root, path), second, second);
}

describe('the newest complete checkpoint', () => {
  test('is the one with the youngest metadata, of any job, savepoints too', async () => {
    write('job-1/chk-9/_metadata', 100);
    write('job-2/chk-3/_metadata', 300);
    write('savepoints/savepoint-1/_metadata', 200);
    expect(await files.newestComplete(pathToFileURL(root).href)).toBe(
      pathToFileURL(join(root, 'job-2/chk-3')).href,
    );
    write('savepoints/savepoint-2/_metadata', 400);
    // Flink writes such URIs with one slash.
    expect(await files.newestComplete(`file:${root}`)).toBe(
      pathToFileURL(join(root, 'savepoints/savepoint-2')).href,
    );
  });

  test('was completed when its metadata was written, as far as that can be seen from here', async () => {
    write('job-1/chk-9/_metadata', 100);
    expect(await files.completedAt(`file:${root}/job-1/chk-9`)).toBe(100_000);
    expect(await files.completedAt(`file:${root}/job-1/chk-8`)).toBeUndefined();
    expect(await files.completedAt('s3://bucket/chk-1')).toBeUndefined();
  });

  test('is none that lacks its metadata', async () => {
    write('job-1/chk-1/_metadata', 100);
    write('job-1/chk-2/state', 200);
    write('job-1/shared/_metadata.tmp', 300);
    expect(await files.newestComplete(pathToFileURL(root).href)).toBe(
      pathToFileURL(join(root, 'job-1/chk-1')).href,
    );
  });

  test('is found while older ones are removed', async () => {
    write('job-1/chk-100000/_metadata', 300);
    const old = Array.from({ length: 30 }, (_, n) => `job-1/chk-${n}`);
    const found = new Set<string | undefined>();
    for (let turn = 0; turn < 60; turn++) {
      for (const path of old) mkdirSync(join(root, path, 'shared'), { recursive: true });
      const looking = files.newestComplete(pathToFileURL(root).href);
      // So that some of them are gone before it comes to them.
      await setImmediate();
      for (const path of old) rmSync(join(root, path), { recursive: true });
      found.add(await looking);
    }
    expect([...found]).toEqual([pathToFileURL(join(root, 'job-1/chk-100000')).href]);
  });

  test('is none where there is no directory, or none that is mounted here', async () => {
    expect(await files.newestComplete(pathToFileURL(join(root, 'nowhere')).href)).toBeUndefined();
    expect(await files.newestComplete('s3://bucket/state')).toBeUndefined();
  });
});
