import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openHive } from '../../src/adapters/hive/hive-server.ts';
import { SqlEngine } from '../../src/adapters/sql-engine/sql-engine.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import type { ClusterAddresses } from '../../src/cluster/addresses.ts';
import type { ProcessStatus } from '../../src/cluster/local/process-status.ts';
import { adMinuteSums, attributedOrderSums, type SumsRange } from '../../src/cluster/warehouse/hive-sums.ts';
import type { HiveSession } from '../../src/cluster/warehouse/ports.ts';
import type { SqlAnswer } from '../../src/reporting/sql-answer.ts';
import { renderViews } from '../../src/warehouse/view-sql.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { Workplace, type Ended } from '../cli/adtally-process.ts';
import { seededTraffic, type Traffic } from './warehouse/seeded-traffic.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);
const LIMITS = { timeMaxMs: 300_000, rowsMax: 10_000 };
/** A file comes once a minute, and the jobs before it begin first. */
const PATIENCE_MS = 180_000;
const HOURS = `SELECT start_time, ad_id, impressions, clicks, cost_micros FROM warehouse.ad_hours ORDER BY start_time, ad_id`;

interface ClusterAnswer {
  readonly processes: readonly ProcessStatus[];
}

const place = new Workplace();
const data = join(inject('clusterFolder'), 'hive');
const cluster = (command: string, ...args: string[]): Promise<Ended> =>
  place.run(['cluster', command, '--data', data, ...args, '--json']);

const sql = (query: string): Promise<Ended> => place.run(['sql', '--cluster', data, query, '--json']);

describe(`Hive over the warehouse of a cluster (seed ${SEED})`, { timeout: 600_000 }, () => {
  let addresses: ClusterAddresses;
  let traffic: Traffic;

  beforeAll(async () => {
    const up = await cluster('up', '--regions', 'a', '--without', 'pinot', 'postgres', '--port-base', '0');
    if (up.exit !== 0) throw new Error(up.stdout + up.stderr);
    const applied = await cluster('apply');
    if (applied.exit !== 0) throw new Error(applied.stdout + applied.stderr);
    addresses = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8')) as ClusterAddresses;
    const keys = join(place.folder, 'gateway');
    const args = ['--cluster', data, '--regions', 'a', '--port', '0', '--data', keys];
    const { first } = await place.start<{ readonly url: string }>(['gateway', ...args]);
    traffic = seededTraffic(new SeededRandom(SEED), Date.now());
    for (const batch of traffic.events) {
      await post(`${first.url}/v1/events`, batch);
      // So that a cell has several revisions, in one file or in two.
      await sleep(800);
    }
    await post(`${first.url}/v1/orders`, traffic.orders);
  }, 400_000);

  afterAll(async () => {
    await cluster('down', '--purge', '--yes');
    await place.remove();
  }, 120_000);

  test('has tables and views that a second plan finds as they are to be', async () => {
    expect((await cluster('plan')).stdout).toBe('{"changes":[]}\n');
  });

  test('has views with the columns of the embedded warehouse', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const embedded = await SqlEngine.open(() => instance.connect(), join(place.folder, 'nothing'));
    const hive = await openHive({ address: addresses.hive!, ...LIMITS });
    for (const { name } of renderViews('hive', 'warehouse.', () => 'rows')) {
      const { rows } = await hive.run(`DESCRIBE ${name}`);
      const { columns } = await embedded.run(`SELECT * FROM ${name} LIMIT 0`);
      expect([name, ...rows.map(([column]) => column)]).toEqual([name, ...columns.map((one) => one.name)]);
    }
    await hive.close();
    instance.closeSync();
  });

  test('rolls up to the hour what was sent, to the last click, and again after kill -9', async () => {
    const found = await hoursLike(traffic.hours);
    expect(found).toEqual(traffic.hours);
    await expectSums();
    const counts = await sql('SELECT COUNT(*), COUNT(DISTINCT record_id) FROM warehouse.ad_minutes_files');
    const [[revisions, records]] = (JSON.parse(counts.stdout) as SqlAnswer).rows;
    expect(Number(revisions)).toBeGreaterThan(Number(records));

    const { processes } = JSON.parse((await cluster('status')).stdout) as ClusterAnswer;
    const hive = processes.find(({ name }) => name === 'hive')!;
    expect(hive.residentBytes!).toBeLessThan(hive.plannedBytes);
    process.kill(hive.pid!, 'SIGKILL');
    const down = await sql(HOURS);
    expect([down.exit, JSON.parse(down.stdout)]).toMatchObject([
      7,
      { error: { code: 'cluster_unreachable' } },
    ]);
    const up = await cluster('up');
    expect([up.exit, up.stderr]).toEqual([0, '']);

    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    const dropped = await sql('DROP VIEW warehouse.ad_hours');
    expect([dropped.exit, JSON.parse(dropped.stdout)]).toMatchObject([2, { error: { code: 'bad_query' } }]);
  });

  test('says the same of fewer files, once small ones are put together', async () => {
    const days = join(fileURLToPath(addresses.warehouse), 'ad_minutes');
    const parts = (day: string): string[] =>
      readdirSync(join(days, day)).filter((name) => !/^[._]/.test(name));
    const folders = readdirSync(days).filter((name) => name.startsWith('dt='));
    // As many as come in a quarter of an hour; a row that is there again changes nothing.
    for (const day of folders)
      for (let n = 0; n < 15; n++)
        copyFileSync(join(days, day, parts(day)[0]), join(days, day, `part-again-${n}`));
    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    const { exit, stdout } = await cluster('compact', '--grace', '1');
    expect([exit, stdout]).toEqual([0, expect.stringContaining('"folder":"ad_minutes/dt=')]);
    for (const day of folders) expect([day, parts(day).length]).toEqual([day, 1]);
    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    await expectSums();
  });

  /** What an audit asks: by hour and by minute, the same sums as were sent. */
  async function expectSums(): Promise<void> {
    const hive = await openHive({ address: addresses.hive!, ...LIMITS });
    const { from, to } = traffic;
    for (const by of ['hour', 'minute'] as const) {
      const range = { from: from - (from % HOUR_MS), to: to - (to % HOUR_MS) + HOUR_MS, by };
      expect(await totals(hive, range)).toEqual(traffic.totals);
    }
    await hive.close();
  }
});

/** The roll-up as `adtally sql` shows it; waits for `wanted`. */
async function hoursLike(wanted: unknown): Promise<unknown> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { exit, stdout } = await sql(HOURS);
    const found: unknown = exit === 0 ? (JSON.parse(stdout) as SqlAnswer).rows : stdout;
    if (JSON.stringify(found) === JSON.stringify(wanted) || performance.now() > deadline) return found;
    await sleep(3000);
  }
}

async function totals(hive: HiveSession, range: SumsRange): Promise<Traffic['totals']> {
  const minutes = await adMinuteSums(hive, range);
  const orders = await attributedOrderSums(hive, range);
  const slotMs = range.by === 'hour' ? HOUR_MS : MINUTE_MS;
  expect(
    [...minutes, ...orders].filter(({ start, region }) => start % slotMs !== 0 || region !== 'a'),
  ).toEqual([]);
  return {
    impressions: sum(minutes.map(({ impressions }) => impressions)),
    clicks: sum(minutes.map(({ clicks }) => clicks)),
    costMicros: sum(minutes.map(({ costMicros }) => costMicros)),
    minuteRecords: sum(minutes.map(({ records }) => records)),
    orderRecords: sum(orders.map(({ records }) => records)),
    creditMicros: sum(orders.map(({ creditMicros }) => creditMicros)),
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

async function post(url: string, batch: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(batch) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
