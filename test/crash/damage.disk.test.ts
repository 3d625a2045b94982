import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AdtallyError } from '../../src/base/errors.ts';
import { BLOCK_HEADER_BYTES, ENTRY_HEADER_BYTES } from '../../src/embedded/log/block.ts';
import { bodyOf, countedBy, CrashedDirectory, filesOf, openOn, segmentsOf } from './damaged-directory.ts';

const REQUESTS = [3, 1, 7, 2];
/** About 240 bytes an event: at least three segments. */
const LARGE_REQUESTS = [100, 150, 150, 150, 150, 100, 60, 30];
/** What each block adds to the log. */
const SIZES = REQUESTS.map(
  (events, n) => BLOCK_HEADER_BYTES + ENTRY_HEADER_BYTES + bodyOf(`r${n}`, events).length,
);

/**
 * Opens the directory and returns how many events it has counted. Then sends more and opens it again: what was cut off has to
 * stay cut off, and new events to have their place.
 */
async function survivors(directory: string): Promise<number> {
  const region = await openOn(directory);
  const counted = countedBy(region);
  await region.ingest(bodyOf('later', 5), 'ndjson');
  await region.close();
  const again = await openOn(directory);
  const countedAgain = countedBy(again);
  await again.close();
  if (countedAgain !== counted + 5) throw new Error(`${counted} and 5 events became ${countedAgain}`);
  return counted;
}

/** The code with which the region refuses to start; it has to leave everything as it is. */
async function refusal(directory: string): Promise<string> {
  const before = await filesOf(directory);
  const code = await openOn(directory).then(
    () => 'none',
    (error: AdtallyError) => error.code,
  );
  expect(await filesOf(directory)).toEqual(before);
  return code;
}

async function flip(path: string, position: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[position] ^= 0x10;
  await writeFile(path, bytes);
}

describe('the tail of a log whose last block nothing proves', () => {
  let crashed: CrashedDirectory;
  const lastEvents = REQUESTS.at(-1)!;
  const lastBytes = SIZES.at(-1)!;

  beforeAll(async () => {
    crashed = await CrashedDirectory.make(REQUESTS, { isProved: false, snapshots: false });
  });
  afterAll(() => crashed.remove());

  test('is whole as it is', async () => {
    expect(await crashed.withCopy(survivors)).toBe(crashed.counted);
  });

  test.each([
    ['all of the block', lastBytes],
    ['all but a byte of its header', lastBytes - 1],
    ['half of its header', lastBytes - 20],
    ['all but its header', lastBytes - BLOCK_HEADER_BYTES],
    ['all but part of the header of its entry', lastBytes - BLOCK_HEADER_BYTES - 7],
    ['its body', lastBytes - BLOCK_HEADER_BYTES - ENTRY_HEADER_BYTES],
    ['half of its body', Math.floor(lastBytes / 2)],
    ['its last byte', 1],
  ])('without %s is cut back to the block before', (_, missing) =>
    crashed.withCopy(async (copy) => {
      const last = (await segmentsOf(copy)).at(-1)!;
      await truncate(last, (await readFile(last)).length - missing);
      expect(await survivors(copy)).toBe(crashed.counted - lastEvents);
    }),
  );

  test.each([0, 4, 9, 17, 21, 25, 39, 41, 50, 60, lastBytes - 1])(
    'with byte %i of its block flipped is cut back to the block before',
    (position) =>
      crashed.withCopy(async (copy) => {
        const last = (await segmentsOf(copy)).at(-1)!;
        await flip(last, (await readFile(last)).length - lastBytes + position);
        expect(await survivors(copy)).toBe(crashed.counted - lastEvents);
      }),
  );

  test.each([
    ['a byte', Buffer.of(7)],
    ['zeros, as file systems leave them', Buffer.alloc(9000)],
    ['noise', Buffer.from(Array.from({ length: 9000 }, (_, n) => (n * 7919) % 251))],
    ['text that could be an event', bodyOf('stray', 3)],
  ])('with %s behind it loses only that', (_, garbage) =>
    crashed.withCopy(async (copy) => {
      await appendFile((await segmentsOf(copy)).at(-1)!, garbage);
      expect(await survivors(copy)).toBe(crashed.counted);
    }),
  );

  test('with an older block behind it does not count that again', () =>
    crashed.withCopy(async (copy) => {
      const last = (await segmentsOf(copy)).at(-1)!;
      const bytes = await readFile(last);
      await appendFile(last, bytes.subarray(bytes.length - lastBytes - SIZES[2], bytes.length - lastBytes));
      expect(await survivors(copy)).toBe(crashed.counted);
    }));

  test('with a segment behind it that was only begun starts that anew', () =>
    crashed.withCopy(async (copy) => {
      const next = String(crashed.lastBlock + 1).padStart(16, '0');
      await writeFile(join(copy, 'log', `${next}.log`), Buffer.alloc(13));
      expect(await survivors(copy)).toBe(crashed.counted);
    }));
});

describe('damage where events were acknowledged', () => {
  let crashed: CrashedDirectory;

  beforeAll(async () => {
    crashed = await CrashedDirectory.make(LARGE_REQUESTS, { isProved: true, snapshots: false });
  });
  afterAll(() => crashed.remove());

  test('is not there at first', () =>
    crashed.withCopy(async (copy) => {
      expect((await segmentsOf(copy)).length).toBeGreaterThan(2);
      expect(await survivors(copy)).toBe(crashed.counted);
    }));

  test('is found wherever a bit of an acknowledged block flips', () =>
    crashed.withCopy(async (copy) => {
      for (const path of await segmentsOf(copy)) {
        const { length } = await readFile(path);
        // The empty block at the end of the last segment was never acknowledged to anyone.
        const end = length - BLOCK_HEADER_BYTES;
        const positions = [0, 20, 35, 64, 66, 70, 75, 82, 86, 90, 105, 110, 130];
        for (let at = 200; at < end; at += 4111) positions.push(at);
        for (const position of [...positions, end - 1]) {
          await flip(path, position);
          expect(await refusal(copy), `byte ${position} of ${path}`).toBe('data_corrupt');
          await flip(path, position);
        }
      }
      expect(await survivors(copy)).toBe(crashed.counted);
    }));

  test('is told from a format that a later version wrote', () =>
    crashed.withCopy(async (copy) => {
      const [first] = await segmentsOf(copy);
      await flip(first, 8);
      expect(await refusal(copy)).toBe('data_format');
    }));

  test('is found when a segment is cut short', () =>
    crashed.withCopy(async (copy) => {
      const [first] = await segmentsOf(copy);
      await truncate(first, (await readFile(first)).length - 1);
      expect(await refusal(copy)).toBe('data_corrupt');
    }));

  test('is found when a segment is missing', () =>
    crashed.withCopy(async (copy) => {
      const [first, second] = await segmentsOf(copy);
      await rm(second);
      expect(await refusal(copy)).toBe('data_corrupt');
      await rm(first);
      expect(await refusal(copy)).toBe('data_corrupt');
    }));

  test('is found when a segment comes from another region', () =>
    crashed.withCopy(async (copy) => {
      const other = await CrashedDirectory.make(LARGE_REQUESTS, { isProved: true, snapshots: false });
      const [, second] = await segmentsOf(copy);
      await other.withCopy(async (from) => {
        const [, stranger] = await segmentsOf(from);
        await writeFile(second, await readFile(stranger));
      });
      await other.remove();
      expect(await refusal(copy)).toBe('data_corrupt');
    }));

  test('is found when the manifest is damaged or gone', () =>
    crashed.withCopy(async (copy) => {
      await flip(join(copy, 'MANIFEST'), 40);
      expect(await refusal(copy)).toBe('data_corrupt');
      await rm(join(copy, 'MANIFEST'));
      expect(await refusal(copy)).toBe('data_corrupt');
    }));
});

describe('a snapshot', () => {
  let crashed: CrashedDirectory;

  beforeAll(async () => {
    crashed = await CrashedDirectory.make(LARGE_REQUESTS, { isProved: true, snapshots: true });
  });
  afterAll(() => crashed.remove());

  test('is refused when a bit of it has flipped, wherever', () =>
    crashed.withCopy(async (copy) => {
      const names = await readdir(join(copy, 'snapshot'));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        const path = join(copy, 'snapshot', name);
        const { length } = await readFile(path);
        for (let position = 0; position < length; position += Math.ceil(length / 25)) {
          await flip(path, position);
          expect(await refusal(copy), `byte ${position} of ${name}`).toBe('data_corrupt');
          await flip(path, position);
        }
      }
      expect(await survivors(copy)).toBe(crashed.counted);
    }));

  test('is refused when a part of it is missing', () =>
    crashed.withCopy(async (copy) => {
      const [name] = await readdir(join(copy, 'snapshot'));
      await rm(join(copy, 'snapshot', name));
      expect(await refusal(copy)).toBe('data_corrupt');
    }));

  test('is not mistaken for one that was never finished', () =>
    crashed.withCopy(async (copy) => {
      await writeFile(join(copy, 'snapshot', '0000000000000999-full.snapshot'), 'half a snapshot');
      await writeFile(join(copy, 'MANIFEST.next'), 'half a manifest');
      expect(await survivors(copy)).toBe(crashed.counted);
    }));
});
