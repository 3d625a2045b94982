import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Random } from '../../src/generator/random.ts';
import { readManifest } from '../../src/warehouse/manifest.ts';
import { PlainReader } from '../adapters/warehouse/plain-reader.ts';
import { FEEDS, RecordScript } from '../adapters/warehouse/record-script.ts';

const LOADER = fileURLToPath(new URL('warehouse-loader.ts', import.meta.url));
const SEED = Number(process.env['ADTALLY_KILL_SEED'] ?? Date.now() % 1e9);
const KILLS = Number(process.env['ADTALLY_KILLS'] ?? 25);
const PAGES = 120;
const RECORDS = 60;

let folder: string;
let directory: string;
let reader: PlainReader;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-warehouse-kill-'));
  directory = join(folder, 'warehouse');
  reader = await PlainReader.open(directory);
});
afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  reader.close();
  rmSync(folder, { recursive: true });
});

function start(shell: readonly string[] = []): ChildProcess {
  const words = [...shell, process.execPath, LOADER, directory, String(SEED), String(PAGES), String(RECORDS)];
  child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  return child;
}

/** Resolves to what the process has said when it is gone. */
async function ended(process: ChildProcess): Promise<string> {
  let said = '';
  process.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  process.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(process, 'close');
  return said;
}

/** Every file that a reader sees is whole, is named by the manifest, and holds nothing that the feeds have not brought. */
async function expectReadable(): Promise<void> {
  const rows = await reader.rawRows();
  expect(rows).toBeGreaterThanOrEqual(0);
  const files = ['ad_minutes', 'attributed_orders'].flatMap((table) => reader.files(table));
  if (files.length === 0) return;
  const manifest = readManifest(readFileSync(join(directory, 'MANIFEST'), 'utf8'), 'MANIFEST');
  const named = new Set([...manifest.files, ...manifest.retired].map(({ path }) => path));
  expect(files.filter((path) => !named.has(path))).toEqual([]);
}

test(
  `killed ${KILLS} times, readers see whole files and the end is the truth: seed ${SEED}`,
  { timeout: 300_000 },
  async () => {
    const random = new Random(SEED);
    let kills = 0;
    let done = 0;
    for (; kills < KILLS; kills++) {
      const loader = start();
      const said = ended(loader);
      await once(loader.stdout!, 'data').catch(() => undefined);
      await sleep(random.below(250));
      if (loader.exitCode === null) loader.kill('SIGKILL');
      const text = await said;
      expect(['', 'open\n', 'open\ndone\n']).toContain(text);
      if (text.includes('done')) {
        done++;
        // Another life begins with nothing, so that there is something to be killed at.
        rmSync(directory, { recursive: true });
      }
      await expectReadable();
    }
    expect(done).toBeLessThan(KILLS);
    expect(await ended(start())).toContain('done');
    await expectTruth();
  },
);

test('a disk that is full for real delays rows and loses none', { timeout: 120_000 }, async () => {
  // The largest file the process may write is smaller than a file of the warehouse.
  const text = await ended(start(['bash', '-c', 'trap "" XFSZ; ulimit -f 2; exec "$0" "$@"']));
  expect(text).toContain('cannot be written');
  expect(text).not.toContain('done');
  await expectReadable();
  expect(await ended(start())).toContain('done');
  await expectTruth();
});

async function expectTruth(): Promise<void> {
  const script = new RecordScript(SEED, PAGES, RECORDS);
  expect(await reader.latest('ad-minutes')).toEqual(script.truth('ad-minutes'));
  expect(await reader.latest('attributed-orders')).toEqual(script.truth('attributed-orders'));
  const manifest = readManifest(readFileSync(join(directory, 'MANIFEST'), 'utf8'), 'MANIFEST');
  const named = [...manifest.files, ...manifest.retired].map(({ path }) => path);
  expect(reader.everything()).toEqual(named.toSorted());
  for (const { region, kind } of FEEDS) expect(manifest.cursors[`${region}/${kind}`]).toBe(`c${PAGES}`);
}
