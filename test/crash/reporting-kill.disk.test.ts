import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFailed, test } from 'vitest';
import { ReportingStore } from '../../src/adapters/reporting-store/reporting-store.ts';
import { Random } from '../../src/generator/random.ts';
import type { RecordKind } from '../../src/union-load/ports.ts';
import { scriptedFeeds, type ScriptedChanges } from './scripted-changes.ts';

const KILLS = Number(process.env['ADTALLY_REPORTING_KILLS'] ?? 15);
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const CHANGES = 60_000;
const PROCESS = fileURLToPath(new URL('./reporting-process.ts', import.meta.url));

class Loading {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #said = new Set<string>();
  stderr = '';

  constructor(directory: string) {
    this.#process = spawn(process.execPath, [PROCESS, directory, String(SEED), String(CHANGES)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#lines = createInterface({ input: this.#process.stdout! });
    this.#lines.on('line', (line) => this.#said.add(line));
  }

  async said(line: string): Promise<void> {
    while (!this.#said.has(line)) {
      if (this.#process.exitCode !== null) throw new Error(`it ended by itself: ${this.stderr}`);
      await sleep(2);
    }
  }

  async kill(): Promise<void> {
    const gone = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

/** Holds the store against what its own cursors say; how many changes those are. */
async function check(directory: string, feeds: readonly ScriptedChanges<RecordKind>[]): Promise<number> {
  const store = await ReportingStore.open({ directory, memoryBytes: 128 * 1024 * 1024, threads: 2 });
  const connection = await store.connect();
  let changes = 0;
  for (const feed of feeds) {
    const { region, kind } = feed.id;
    const cursor = await store.cursor(feed.id);
    changes += Number(cursor ?? 0);
    const columns = kind === 'ad-minutes' ? 'impressions, cost_micros' : 'order_version, credit_micros';
    const table = kind === 'ad-minutes' ? 'ad_minutes' : 'attributed_orders';
    const sql = `SELECT record_id, revision, ${columns} FROM ${table} WHERE region = $region`;
    const rows = (await connection.runAndReadAll(sql, { region })).getRowsJson();
    const held = rows.map((row) => row.map(String).join(' ')).toSorted();
    const expected = [...feed.at(cursor).values()].map((record) => {
      const sums =
        'impressions' in record
          ? [record.impressions, record.costMicros]
          : [record.orderVersion, record.creditMicros];
      return [record.recordId, record.revision, ...sums].join(' ');
    });
    expect(held, `the rows of ${region} ${kind} at ${cursor}`).toEqual(expected.toSorted());
  }
  connection.closeSync();
  await store.close();
  return changes;
}

test(
  `after each of ${KILLS} kills the reporting store holds exactly what its cursors say`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-reporting-kill-'));
    onTestFailed(() => {
      process.stderr.write(`The data is in ${directory}. To try again: ADTALLY_SEED=${SEED}\n`);
    });
    const random = new Random(SEED);
    const feeds = scriptedFeeds(SEED, CHANGES) as unknown as ScriptedChanges<RecordKind>[];
    const all = feeds.reduce((sum, { changes }) => sum + changes.length, 0);
    const reached: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const loading = new Loading(directory);
      // Some before it has begun: then its tables, or what a crash left in the log, are being written.
      if (random.below(5) > 0) await loading.said('loading');
      await sleep(random.below(400));
      await loading.kill();
      expect(loading.stderr).toBe('');
      reached.push(await check(directory, feeds));
    }
    expect(reached, 'nothing that was kept is lost').toEqual(reached.toSorted((a, b) => a - b));
    expect(new Set(reached).size, 'kills that hit it while it loaded').toBeGreaterThan(KILLS / 3);
    const last = new Loading(directory);
    await last.said('done');
    await last.kill();
    expect(await check(directory, feeds)).toBe(all);
    await rm(directory, { recursive: true });
  },
  60_000 + KILLS * 10_000,
);
