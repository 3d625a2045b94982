import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WarehouseSink, type WarehouseOptions } from '../../../src/adapters/warehouse/warehouse-sink.ts';
import { crc32 } from '../../../src/base/checksum.ts';
import { Random } from '../../../src/generator/random.ts';
import { EMPTY_MANIFEST, readManifest } from '../../../src/warehouse/manifest.ts';
import { FailingFiles } from './failing-files.ts';
import { HandClock } from './hand-clock.ts';
import { PlainReader } from './plain-reader.ts';
import { FEEDS, RecordScript } from './record-script.ts';

let directory: string;
let clock: HandClock;
let reader: PlainReader;
const opened: WarehouseSink[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-warehouse-'));
  clock = new HandClock();
  reader = await PlainReader.open(directory);
});
afterEach(async () => {
  for (const sink of opened.splice(0)) await sink.close().catch(() => undefined);
  reader.close();
  rmSync(directory, { recursive: true });
});

/** The process ends here: nothing more is written, and no timer fires. */
function crash(): void {
  opened.length = 0;
  clock = new HandClock();
}

async function openSink(more: Partial<WarehouseOptions> = {}): Promise<WarehouseSink> {
  const options = { directory, clock, fileRows: 100, fileAgeMs: 60_000, fileBytesMax: 1e6, graceMs: 600_000 };
  const sink = await WarehouseSink.open({ ...options, ...more });
  opened.push(sink);
  return sink;
}

/** Loads up to `pages` pages, in the order of chance, as a loader does: from the sink's cursor, and from there again after a failure. */
async function loadSome(
  sink: WarehouseSink,
  script: RecordScript,
  random: Random,
  pages: number,
): Promise<void> {
  const cursors = new Map<number, string | undefined>();
  for (let n = 0; n < pages; n++) {
    const which = random.below(FEEDS.length);
    if (!cursors.has(which) || random.below(20) === 0) cursors.set(which, await sink.cursor(FEEDS[which]));
    const page = script.next(FEEDS[which], cursors.get(which));
    if (page === undefined) continue;
    try {
      await sink.load(FEEDS[which], page);
      cursors.set(which, page.cursor);
    } catch {
      cursors.clear();
    }
  }
}

async function loadRest(sink: WarehouseSink, script: RecordScript): Promise<void> {
  for (const feed of FEEDS) {
    let cursor = await sink.cursor(feed);
    for (let page; (page = script.next(feed, cursor)) !== undefined; cursor = page.cursor)
      await sink.load(feed, page);
  }
  await sink.flush();
}

/** What the views say, or should say. */
async function shown(): Promise<unknown> {
  return [await reader.latest('ad-minutes'), await reader.latest('attributed-orders')];
}
function truthOf(script: RecordScript): unknown {
  return [script.truth('ad-minutes'), script.truth('attributed-orders')];
}

/** Files that a reader finds and the manifest does not name. */
function unnamed(): string[] {
  const text = existsSync(join(directory, 'MANIFEST'))
    ? readFileSync(join(directory, 'MANIFEST'), 'utf8')
    : undefined;
  const { files, retired } = text === undefined ? EMPTY_MANIFEST : readManifest(text, 'MANIFEST');
  const named = new Set([...files, ...retired].map(({ path }) => path));
  return [...reader.files('ad_minutes'), ...reader.files('attributed_orders')].filter(
    (path) => !named.has(path),
  );
}

/** Nothing but what the manifest names lies in the directory. */
function expectNoStrays(): void {
  const { files, retired } = readManifest(readFileSync(join(directory, 'MANIFEST'), 'utf8'), 'MANIFEST');
  expect(reader.everything()).toEqual([...files, ...retired].map(({ path }) => path).toSorted());
}

const SEEDS = Array.from({ length: 6 }, (_, n) => Number(process.env['WAREHOUSE_SEED'] ?? 1000 + n));

describe('the view', () => {
  test.for(SEEDS)('has the highest revision of every record, whatever came when: seed %i', async (seed) => {
    const random = new Random(seed);
    const script = new RecordScript(seed, 20, 20);
    for (let life = 0; life < 6; life++) {
      const sink = await openSink({
        fileRows: 1 + random.below(60),
        fileBytesMax: 1 + random.below(200_000),
      });
      await loadSome(sink, script, random, random.below(30));
      clock.pass(random.below(2) * 400_000);
      // A file may be under way just now; two processes never write.
      await sink.cursor(FEEDS[0]);
      if (random.below(2) === 0) await sink.close();
      crash();
    }
    const sink = await openSink({ fileRows: 1 + random.below(60) });
    await loadRest(sink, script);
    expect(await shown()).toEqual(truthOf(script));
    await loadRest(sink, script);
    expect(await shown()).toEqual(truthOf(script));
    expectNoStrays();
  });

  test('has nothing of a page that waits, and all of it when it is old enough', async () => {
    const script = new RecordScript(1, 1, 20);
    const sink = await openSink();
    const [feed] = FEEDS;
    await sink.load(feed, script.next(feed, undefined)!);
    expect(await sink.cursor(feed)).toBeUndefined();
    expect(await reader.rawRows()).toBe(0);
    clock.pass(60_000);
    expect(await sink.cursor(feed)).toBe('c1');
    expect(await reader.rawRows()).toBeGreaterThan(0);
  });

  test('keeps a cursor that came without records', async () => {
    const sink = await openSink();
    await sink.load(FEEDS[0], { ...new RecordScript(1, 1, 0).next(FEEDS[0], undefined)!, cursor: 'c7' });
    await sink.close();
    expect(await (await openSink()).cursor(FEEDS[0])).toBe('c7');
    expect(reader.everything()).toEqual([]);
  });
});

describe('small files', () => {
  test('become few, and what they replace goes after the grace', async () => {
    const script = new RecordScript(5, 30, 10);
    const sink = await openSink({ fileRows: 1 });
    await loadRest(sink, script);
    expect(await shown()).toEqual(truthOf(script));
    const before = reader.everything();
    clock.pass(600_000);
    await sink.flush();
    const after = reader.everything();
    expect(before.length).toBeGreaterThan(60);
    expect(after.length).toBeLessThan(60);
    expect(after.filter((path) => !before.includes(path))).toEqual([]);
    expect(await shown()).toEqual(truthOf(script));
    expectNoStrays();
  });

  test('that are damaged hold up no new row, and somebody is told', async () => {
    const script = new RecordScript(6, 20, 10);
    const failures: string[] = [];
    const sink = await openSink({ fileRows: 1, onFailure: ({ message }) => failures.push(message) });
    await loadSome(sink, script, new Random(1), 8);
    for (const path of reader.files('ad_minutes')) truncateSync(join(directory, path), 20);
    await loadRest(sink, script);
    expect(failures.join()).toContain('part-');
    expect(await sink.cursor(FEEDS[0])).toBe('c20');
  });
});

describe('a failing disk', () => {
  test.for(SEEDS)('delays rows and loses none: seed %i', async (seed) => {
    const random = new Random(seed);
    const script = new RecordScript(seed, 15, 15);
    const files = new FailingFiles();
    const failures: Error[] = [];
    const sink = await openSink({ files, fileRows: 10, onFailure: (error) => failures.push(error) });
    files.failsAt = () => random.below(8) === 0;
    await loadSome(sink, script, random, 100);
    await reader.rawRows();
    files.failsAt = () => false;
    await loadRest(sink, script);
    expect(await shown()).toEqual(truthOf(script));
    // A file that was not removed is tried again when its time has come.
    clock.pass(600_000);
    await sink.flush();
    expectNoStrays();
    for (const { message } of failures) expect(message).toMatch(/cannot be written: (EIO|ENOSPC)/);
  });

  test('takes in no more pages until the rows in memory are written', async () => {
    const script = new RecordScript(3, 20, 15);
    const files = new FailingFiles();
    const sink = await openSink({ files, fileRows: 1 });
    files.failsAt = () => true;
    for (let n = 0; n < 20; n++) {
      const page = script.next(FEEDS[0], `c${n}`)!;
      await expect(sink.load(FEEDS[0], page)).rejects.toMatchObject({ code: 'disk_failed' });
    }
    expect(await reader.rawRows()).toBe(0);
    files.failsAt = () => false;
    await sink.flush();
    expect(await sink.cursor(FEEDS[0])).toBe('c1');
    await loadRest(sink, script);
    expect(await shown()).toEqual(truthOf(script));
  });

  test.for(Array.from({ length: 24 }, (_, n) => n + 1))(
    'that fails at step %i of a commit leaves all of it or nothing',
    async (step) => {
      const script = new RecordScript(4, 1, 30);
      const files = new FailingFiles();
      const sink = await openSink({ files, fileRows: 1000 });
      for (const feed of FEEDS) await sink.load(feed, script.next(feed, undefined)!);
      const before = files.steps;
      files.failsAt = (now) => now === before + step;
      const isWhole = await sink.flush().then(
        () => true,
        () => false,
      );
      crash();
      expect(unnamed()).toEqual([]);
      const next = await openSink();
      const cursors = await Promise.all(FEEDS.map((feed) => next.cursor(feed)));
      expect([[undefined], ['c1']]).toContainEqual([...new Set(cursors)]);
      const isThere = cursors[0] === 'c1';
      expect(isThere || !isWhole).toBe(true);
      expect(await shown()).toEqual(isThere ? truthOf(script) : [[], []]);
      expectNoStrays();
      await loadRest(next, script);
      expect(await shown()).toEqual(truthOf(script));
    },
  );
});

describe('opening', () => {
  test('removes what no commit names, and leaves what is not ours', async () => {
    const script = new RecordScript(7, 2, 20);
    await loadRest(await openSink(), script);
    const folder = reader.files('ad_minutes')[0].replace(/[^/]*$/, '');
    writeFileSync(join(directory, folder, 'part-000000009999.parquet'), 'half');
    writeFileSync(join(directory, folder, 'notes.txt'), 'mine');
    writeFileSync(join(directory, '_tmp', 'x.parquet.tmp'), 'half');
    await openSink();
    expect(reader.everything().filter((path) => /9999|notes|tmp/.test(path))).toEqual([`${folder}notes.txt`]);
    expect(await shown()).toEqual(truthOf(script));
  });

  test.for(['missing', 'short'] as const)('refuses a file that is %s', async (fault) => {
    await loadRest(await openSink(), new RecordScript(8, 2, 20));
    const path = join(directory, reader.files('ad_minutes')[0]);
    if (fault === 'missing') rmSync(path);
    else truncateSync(path, 100);
    await expect(openSink()).rejects.toMatchObject({ code: 'data_corrupt' });
  });

  test('refuses a damaged manifest, and one of another version', async () => {
    await openSink();
    const path = join(directory, 'MANIFEST');
    writeFileSync(path, '{"format":1,"generation":7}\n00000000\n');
    await expect(openSink()).rejects.toMatchObject({ code: 'data_corrupt' });
    const body = '{"format":2,"generation":7}';
    writeFileSync(path, `${body}\n${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}\n`);
    await expect(openSink()).rejects.toMatchObject({ code: 'data_format' });
  });
});
