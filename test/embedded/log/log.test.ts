import { describe, expect, test } from 'vitest';

import { blockKey, encodeBlock } from '../../../src/embedded/log/block.ts';
import { ENTRY_KIND, type Entry } from '../../../src/embedded/log/entry.ts';
import { readLog, type LogBlock, type LogEnd } from '../../../src/embedded/log/log-reader.ts';
import { LogWriter } from '../../../src/embedded/log/log-writer.ts';
import { SEGMENT_HEADER_BYTES, segmentPath } from '../../../src/embedded/log/segment.ts';
import { MemoryDisk } from '../memory-disk.ts';

const DATA_ID = new Uint8Array(16).fill(7);
const SEGMENT_MAX = { bytes: 400, spanMs: 1e9 };

const entry = (text: string, arrival = 1000): Entry => ({
  kind: ENTRY_KIND.eventsNdjson,
  arrival,
  body: Buffer.from(text),
});

async function read(disk: MemoryDisk, from = 1): Promise<{ blocks: LogBlock[]; end: LogEnd }> {
  const blocks: LogBlock[] = [];
  const log = readLog(disk, DATA_ID, from);
  for (;;) {
    const next = await log.next();
    if (next.done === true) return { blocks, end: next.value };
    blocks.push(next.value);
  }
}

async function openWriter(disk: MemoryDisk, max = SEGMENT_MAX): Promise<LogWriter> {
  return LogWriter.open(disk, DATA_ID, (await read(disk)).end, max);
}

const texts = (blocks: readonly LogBlock[]): string[] =>
  blocks.flatMap(({ entries }) => entries.map(({ body }) => Buffer.from(body).toString()));

/** A log of `count` blocks "0", "1", … of some bytes each, over several segments. */
async function written(count: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const writer = await openWriter(disk);
  for (let n = 0; n < count; n++) await writer.append([entry(`${n}`), entry('x'.repeat(n))]);
  await writer.close();
  return disk;
}

describe('the log', () => {
  test('gives back in order what was written, over segments and restarts, from any block', async () => {
    const disk = await written(12);
    const writer = await openWriter(disk);
    await writer.append([]);
    await writer.append([entry('last')]);
    const { blocks, end } = await read(disk);
    expect(texts(blocks).filter((text) => !text.startsWith('x') && text !== '')).toEqual(
      [...Array(12).keys()].map(String).concat('last'),
    );
    expect(end).toMatchObject({ block: 14, tornBytes: 0 });
    expect(end.segments.length).toBeGreaterThan(2);
    expect((await read(disk, 9)).blocks).toEqual(blocks.slice(8));
  });

  test('a large block ends on a page of the disk, a small one where it ends', async () => {
    const disk = new MemoryDisk();
    const writer = await openWriter(disk, { bytes: 1e6, spanMs: 1e9 });
    const sizes: number[] = [];
    for (const bytes of [10, 70_000, 65_536, 5, 80_000, 200_000]) {
      await writer.append([entry('y'.repeat(bytes)), entry('')]);
      sizes.push(disk.files.get(segmentPath(1))!.length);
    }
    expect(sizes.map((size) => size % 4096 === 0)).toEqual([false, true, true, false, true, true]);
    const { blocks, end } = await read(disk);
    expect(texts(blocks).map(({ length }) => length)).toEqual([
      10, 0, 70_000, 0, 65_536, 0, 5, 0, 80_000, 0, 200_000, 0,
    ]);
    expect(end.segmentBytes).toBe(sizes.at(-1));
    // Padding is as much part of a block as what it says: damage there is found.
    disk.files.get(segmentPath(1))![sizes[1] - 1] ^= 1;
    await expect(read(disk)).rejects.toMatchObject({ code: 'data_corrupt' });
  });

  test('says where each body stands', async () => {
    const disk = await written(5);
    for (const { entries } of (await read(disk)).blocks) {
      for (const { segment, offset, body } of entries) {
        const file = disk.files.get(segmentPath(segment))!;
        expect(file.subarray(offset, offset + body.length)).toEqual(new Uint8Array(body));
      }
    }
  });

  test('cuts a torn last block, whatever of it is left, and goes on behind the one before', async () => {
    const whole = (await written(3)).files.get(segmentPath(1))!;
    const one = (await written(1)).files.get(segmentPath(1))!.length;
    const two = (await written(2)).files.get(segmentPath(1))!.length;
    for (let size = 0; size < whole.length; size++) {
      const disk = new MemoryDisk();
      disk.files.set(segmentPath(1), whole.slice(0, size));
      const blocksLeft = (await read(disk)).end.block;
      expect(blocksLeft).toBe(size >= two ? 2 : size >= one ? 1 : 0);
      const writer = await openWriter(disk);
      await writer.append([entry('after')]);
      expect(texts((await read(disk)).blocks).at(-1)).toBe('after');
      expect((await read(disk)).end).toMatchObject({ block: blocksLeft + 1, tornBytes: 0 });
    }
  });

  test('refuses every flipped bit in a block that a later one proves, and never delivers it', async () => {
    const disk = await written(9);
    for (const [path, bytes] of disk.files) {
      const isLast = path === [...disk.files.keys()].toSorted().at(-1);
      for (let at = 0; at < bytes.length; at++) {
        const damaged = new MemoryDisk(disk.files);
        damaged.files.get(path)![at] ^= 1 << (at % 8);
        const seen: string[] = [];
        const outcome = await collect(damaged, seen);
        // Behind the last proof a flipped bit looks like a torn write.
        const refused = isLast ? /data_corrupt|data_format|read/ : /data_corrupt|data_format/;
        expect(`${path}@${at}: ${outcome}`).toMatch(refused);
        expect(texts((await read(disk)).blocks).slice(0, seen.length)).toEqual(seen);
      }
    }
  });

  test('takes nothing in a body for a block, however well it is forged', async () => {
    const forged = new Uint8Array(200);
    encodeBlock(forged, 999_999, [entry('forged')], blockKey(new Uint8Array(16)));
    const disk = new MemoryDisk();
    const writer = await openWriter(disk, { bytes: 1e6, spanMs: 1e9 });
    await writer.append([entry('first')]);
    await writer.append([{ ...entry(''), body: forged }]);
    const path = segmentPath(1);
    const bytes = disk.files.get(path)!;
    disk.files.set(path, bytes.slice(0, bytes.length - 20));
    expect(texts((await read(disk)).blocks)).toEqual(['first']);
  });

  test('refuses a segment of another directory, an unknown version and a missing segment', async () => {
    const disk = await written(20);
    const foreign = readLog(disk, new Uint8Array(16), 1);
    await expect(foreign.next()).rejects.toMatchObject({ code: 'data_corrupt' });
    const [first, second] = [...disk.files.keys()].toSorted();
    const gap = new MemoryDisk(disk.files);
    gap.files.delete(second);
    await expect(read(gap)).rejects.toMatchObject({ code: 'data_corrupt' });
    const begin = new MemoryDisk(disk.files);
    begin.files.delete(first);
    await expect(read(begin)).rejects.toMatchObject({ code: 'data_corrupt' });
    const version = new MemoryDisk(disk.files);
    version.files.get(first)![8] = 99;
    await expect(read(version)).rejects.toMatchObject({ code: 'data_format' });
  });

  test('lets old segments go, but never the one written to or one that is still needed', async () => {
    const disk = await written(12);
    const writer = await openWriter(disk);
    await writer.removeOldest(({ lastBlock }) => lastBlock <= 5);
    const kept = (await read(disk, 6)).blocks;
    expect(kept[0].number).toBe(6);
    await writer.removeOldest(() => true);
    expect(writer.segments).toHaveLength(1);
    expect((await read(disk, 12)).end.block).toBe(12);
  });

  test('begins a new segment when the old one spans too long', async () => {
    const disk = new MemoryDisk();
    const writer = await openWriter(disk, { bytes: 1e9, spanMs: 100 });
    for (const arrival of [1000, 1050, 1100, 1101, 1300]) await writer.append([entry('x', arrival)]);
    expect(writer.segments.map(({ first }) => first)).toEqual([1, 4, 5]);
    expect(disk.files.get(segmentPath(5))!.length).toBeGreaterThan(SEGMENT_HEADER_BYTES);
  });
});

async function collect(disk: MemoryDisk, seen: string[]): Promise<string> {
  try {
    for await (const block of readLog(disk, DATA_ID, 1)) seen.push(...texts([block]));
    return 'read';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
