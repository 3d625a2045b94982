import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { DirectIo } from '../../src/adapters/node-disk/direct-io.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';

const PAGE = 4096;
const KIB = 1024;

function noise(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, n) => (n * 31 + seed * 17 + (n >> 8)) & 0xff);
}

function suits(bytes: number, position: number): boolean {
  return DirectIo.suits(new Uint8Array(bytes), position);
}

describe('the disk of this machine', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'adtally-disk-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('keeps what was written, whether it went past the cache of the system or through it', async () => {
    // In kibibytes; those of 64 and more that begin and end on a page go directly, if the system has that.
    const sizes = fc.array(fc.constantFrom(0.5, 3.7, 4, 60, 64, 65.3, 68, 1024, 1028, 2500), {
      minLength: 1,
      maxLength: 8,
    });
    let file = 0;
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), async (kibibytes, isPadded) => {
        const path = `file-${file++}`;
        const opened = await new NodeDisk(directory).openWrite(path, 'create');
        const expected: Uint8Array[] = [];
        let position = 0;
        for (const [n, size] of kibibytes.entries()) {
          const bytes = noise(Math.round(size * KIB), n);
          const gap = isPadded ? (PAGE - (position % PAGE)) % PAGE : 0;
          expected.push(new Uint8Array(gap), bytes);
          position += gap;
          await opened.write(bytes, position);
          await opened.sync();
          position += bytes.length;
        }
        await opened.close();
        const read = await readFile(join(directory, path));
        expect(read.equals(Buffer.concat(expected))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('two large writes at a time do not meet in one buffer', async () => {
    const disk = new NodeDisk(directory);
    const files = await Promise.all(['a', 'b', 'c'].map((name) => disk.openWrite(name, 'create')));
    await Promise.all(files.map((file, n) => file.write(noise(3 << 20, n), 0)));
    for (const file of files) await file.close();
    for (const [n, name] of ['a', 'b', 'c'].entries()) {
      expect((await readFile(join(directory, name))).equals(noise(3 << 20, n))).toBe(true);
    }
  });

  test('direct writes are for large blocks that begin and end on a page', () => {
    expect(suits(64 * KIB, PAGE)).toBe(true);
    expect([suits(60 * KIB, 0), suits(64 * KIB + 1, 0), suits(64 * KIB, 512)]).toEqual([false, false, false]);
  });
});
