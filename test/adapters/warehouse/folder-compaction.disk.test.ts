import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskFiles } from '../../../src/adapters/warehouse/disk-files.ts';
import {
  compactFolders,
  type FolderCompactionOptions,
  type MergedFiles,
} from '../../../src/adapters/warehouse/folder-compaction.ts';
import { StagingArea } from '../../../src/adapters/warehouse/staging-area.ts';
import { Random } from '../../../src/generator/random.ts';
import { FailingFiles } from './failing-files.ts';
import { PlainReader } from './plain-reader.ts';
import { FEEDS, RecordScript } from './record-script.ts';

const SEEDS = Array.from({ length: 6 }, (_, n) => Number(process.env['WAREHOUSE_SEED'] ?? 2000 + n));
const KINDS = ['ad-minutes', 'attributed-orders'] as const;

let directory: string;
let reader: PlainReader;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-folders-'));
  reader = await PlainReader.open(directory);
});
afterEach(() => {
  reader.close();
  rmSync(directory, { recursive: true });
});

/** Every page of the script in files of its own, as a job that ends them once a minute writes them. */
async function writePages(script: RecordScript): Promise<void> {
  const staging = await StagingArea.open(join(directory, '_spill'));
  let files = 0;
  for (const feed of FEEDS) {
    let cursor: string | undefined;
    for (let page; (page = script.next(feed, cursor)) !== undefined; cursor = page.cursor) {
      await staging.add(feed.kind, page.records);
      for (const waiting of await staging.waitingDays()) {
        const folder = join(directory, waiting.table.name, `dt=${waiting.day}`);
        mkdirSync(folder, { recursive: true });
        await staging.writeDay(waiting, join(folder, `part-${files++}.parquet`));
        writeFileSync(join(folder, '_SUCCESS'), '');
        writeFileSync(join(folder, '.part-7.inprogress'), 'half of a file');
      }
      await staging.clear();
    }
  }
  staging.close();
}

function compact(more: Partial<FolderCompactionOptions> = {}): Promise<readonly MergedFiles[]> {
  return compactFolders({
    root: directory,
    spillDirectory: join(directory, '_spill'),
    fileBytesMax: 1e6,
    grace: () => Promise.resolve(),
    onMerged: () => {},
    files: new DiskFiles(),
    ...more,
  });
}

/** What the views say. */
async function shown(): Promise<unknown> {
  return Promise.all(KINDS.map((kind) => reader.latest(kind)));
}

const truthOf = (script: RecordScript): unknown => KINDS.map((kind) => script.truth(kind));

const dataFiles = (): string[] => reader.everything().filter((path) => !/\/[._][^/]*$/.test(path));

test.for(SEEDS)(
  'small files become few, and the views say the same at any moment, wherever a run breaks off: seed %i',
  async (seed) => {
    const random = new Random(seed);
    const script = new RecordScript(seed, 30, 12);
    await writePages(script);
    const hidden = reader.everything().filter((path) => /\/[._][^/]*$/.test(path));
    const before = dataFiles();
    expect(before.length).toBeGreaterThan(80);
    const codes: string[] = [];
    for (let life = 0; life < 8; life++) {
      const files = new FailingFiles();
      const [from, step] = [1 + random.below(60), 1 + random.below(10)];
      files.failsAt = (n) => n >= from && n % step === 0;
      const run = compact({ files, fileBytesMax: 1 + random.below(200_000) });
      codes.push(
        await run.then(
          () => '',
          ({ code }: { code: string }) => code,
        ),
      );
      expect(await shown()).toEqual(truthOf(script));
    }
    expect(codes.filter((code) => !['', 'disk_failed'].includes(code))).toEqual([]);
    expect(codes).toContain('disk_failed');
    await compact();
    expect(await shown()).toEqual(truthOf(script));
    expect(dataFiles().length).toBeLessThan(60);
    // What others have half made, or say beside, is theirs.
    expect(reader.everything().filter((path) => /\/[._][^/]*$/.test(path))).toEqual(hidden);
    expect(await compact()).toEqual([]);
  },
);

test('what was replaced stays until the grace is over', async () => {
  await writePages(new RecordScript(5, 20, 10));
  const before = dataFiles();
  let during: string[] = [];
  const merged = await compact({ grace: () => Promise.resolve(void (during = dataFiles())) });
  expect(before.filter((path) => !during.includes(path))).toEqual([]);
  const replaced = merged.reduce((sum, { filesBefore }) => sum + filesBefore, 0);
  expect(dataFiles().length).toBe(before.length + merged.length - replaced);
  expect(merged.every(({ rows, bytes }) => rows > 0 && bytes > 0)).toBe(true);
});

test('a file that is no Parquet is named, and all stay as they were', async () => {
  const script = new RecordScript(6, 20, 10);
  await writePages(script);
  const [path] = reader.files('ad_minutes');
  writeFileSync(join(directory, path), 'no Parquet');
  const before = reader.everything();
  await expect(compact()).rejects.toMatchObject({
    code: 'data_corrupt',
    message: expect.stringContaining('They are as they were.'),
  });
  expect(reader.everything().filter((name) => !name.includes('compacted-'))).toEqual(before);
});
