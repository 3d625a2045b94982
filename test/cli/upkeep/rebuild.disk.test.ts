import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BudgetAudit } from '../../../src/budget/budget-audit.ts';
import type { UpkeepTask } from '../../../src/union-load/ports.ts';
import type { ReportsStatus } from '../../../src/reporting/reports.ts';
import { StoreWorld } from './store-world.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);

let world: StoreWorld;
beforeEach(async () => {
  world = await StoreWorld.open(SEED);
  await world.send(400);
});
afterEach(() => world.place.remove());

const changed = (task: UpkeepTask, store: string): number | undefined =>
  task.counts?.find((count) => count.store === store)?.changed;
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

async function budgetAudit(): Promise<BudgetAudit & { exact: boolean }> {
  return (await (await fetch(`${world.url}/v1/audit/budget`)).json()) as BudgetAudit & { exact: boolean };
}

describe(`stores that are wrong, seed ${SEED}`, { timeout: 180_000 }, () => {
  test('a replay brings the reporting store and the warehouse what they lack, and changes nothing the second time', async () => {
    await world.settled('reporting');
    await world.settled('warehouse');
    await world.endA('SIGTERM');
    await world.damageReporting(
      'DELETE FROM ad_minutes WHERE hash(record_id) % 3 = 0',
      'UPDATE ad_minutes SET clicks = clicks + 7 WHERE hash(record_id) % 3 = 1',
    );
    await world.startA();
    await world.answers();
    const first = await world.command('replay', '--from', ago(30));
    expect(changed(first, 'reporting')).toBeGreaterThan(0);
    expect([changed(first, 'warehouse'), changed(first, 'budget')]).toEqual([0, 0]);
    expect(await world.held('reporting')).toEqual(await world.truth());
    const second = await world.command('replay', '--from', ago(30));
    expect(['reporting', 'warehouse', 'budget'].map((store) => changed(second, store))).toEqual([0, 0, 0]);
    const { exit, stderr } = await world.place.run(['replay', '--from', ago(24 * 400), '--url', world.url]);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('adtally rebuild')]);
  });

  test.for(['gone', 'wrong'])('a reporting store that is %s is made anew while it answers', async (how) => {
    await world.settled('reporting');
    await world.settled('warehouse');
    await world.endA('SIGTERM');
    if (how === 'gone') rmSync(join(world.data, 'reporting.duckdb'));
    else {
      await world.damageReporting(
        'UPDATE ad_minutes SET revision = revision + 1000, cost_micros = 1 WHERE hash(record_id) % 4 = 0',
        'DELETE FROM ad_minutes WHERE hash(record_id) % 4 = 1',
      );
    }
    await world.startA();
    await world.answers();
    const over = new AbortController();
    const asked = (async () => {
      let answers = 0;
      for (; !over.signal.aborted; answers++) await world.sql('SELECT count(*) FROM reporting.ad_minutes');
      return answers;
    })();
    await world.send(50);
    await world.command('rebuild', 'reporting');
    over.abort();
    expect(await asked).toBeGreaterThan(0);
    await world.settled('reporting');
    await world.command('rebuild', 'reporting');
    expect(await world.held('reporting')).toEqual(await world.truth());
    expect(world.hasLeftovers).toBe(false);
  });

  test('a reporting store that cannot be opened is made anew while the region runs', async () => {
    await world.settled('warehouse');
    await world.endA('SIGTERM');
    writeFileSync(join(world.data, 'reporting.duckdb'), 'no database');
    await world.startA();
    const failing = async (): Promise<boolean> =>
      ((await (await fetch(`${world.url}/v1/stores`)).json()) as { reporting: ReportsStatus }).reporting
        .error !== null;
    while (!(await failing())) await sleep(50);
    await world.command('rebuild', 'reporting');
    await world.settled('reporting');
    expect(await world.held('reporting')).toEqual(await world.truth());
  });

  test('the old store serves until the new one has caught up: no figure ever falls', async () => {
    await world.endA('SIGTERM');
    rmSync(join(world.data, 'warehouse'), { recursive: true });
    // Nothing gets into the warehouse while this takes: all must come from the feeds.
    await world.startA('1d');
    await world.answers();
    await world.settled('reporting');
    const over = new AbortController();
    const sums: number[] = [];
    const asked = (async () => {
      while (!over.signal.aborted) {
        const [[sum]] = await world.sql('SELECT sum(impressions) FROM reporting.ad_minutes');
        sums.push(Number(sum));
      }
    })();
    for (let n = 0; n < 3; n++) await world.command('rebuild', 'reporting');
    over.abort();
    await asked;
    expect(sums).toEqual(sums.toSorted((a, b) => a - b));
    await world.settled('reporting');
  });

  test('a warehouse with a file missing says so, and is made anew', async () => {
    await world.settled('warehouse');
    await world.endA('SIGTERM');
    const days = join(world.data, 'warehouse/ad_minutes');
    const [day] = readdirSync(days);
    rmSync(join(days, day, readdirSync(join(days, day))[0]));
    await world.startA();
    const status = async (): Promise<ReportsStatus> =>
      ((await (await fetch(`${world.url}/v1/stores`)).json()) as { warehouse: ReportsStatus }).warehouse;
    while ((await status()).error === null) await sleep(50);
    const metrics = async (): Promise<string> => (await fetch(`${world.url}/metrics`)).text();
    expect(await metrics()).toContain('adtally_store_running{store="warehouse"} 0');
    expect((await status()).error).toContain('adtally rebuild warehouse');
    await world.settled('reporting');
    // The rows were there before: the feed may still have to be asked.
    await expect
      .poll(metrics, { timeout: 30_000 })
      .toMatch(/adtally_store_lag_seconds\{store="reporting",region="b",kind="ad-minutes"\} \d/);
    await world.command('rebuild', 'warehouse');
    await world.settled('warehouse');
    await world.send(50);
    await world.settled('warehouse');
    await world.settled('reporting');
    await world.command('rebuild', 'warehouse');
    expect(await world.held('warehouse')).toEqual(await world.truth());
    expect(changed(await world.command('replay', '--from', ago(30)), 'warehouse')).toBe(0);
  });

  test('a ledger that is wrong is made anew, and one that is right stays what it was', async () => {
    await world.settled('reporting');
    const balances = (): Promise<unknown> =>
      Promise.all(
        [0, 1, 2].map(async (n) => {
          const answer = await fetch(`${world.url}/v1/campaigns/c-${n}/ledger?limit=1000`);
          const { entries } = (await answer.json()) as { entries: { amountMicros: number }[] };
          return entries.reduce((sum, { amountMicros }) => sum + amountMicros, 0);
        }),
      );
    const before = await budgetAudit();
    const then = await balances();
    await world.command('rebuild', 'budget');
    expect([(await budgetAudit()).differences, await balances()]).toEqual([[], then]);
    expect(before.differences).toEqual([]);
    await world.endA('SIGTERM');
    const file = new DatabaseSync(join(world.data, 'budget.sqlite'));
    file.exec('UPDATE charges SET micros = micros + 5 WHERE minute % 3 = 0');
    file.exec('DELETE FROM entries WHERE id % 7 = 0; DELETE FROM spend WHERE minute % 2 = 0');
    file.close();
    await world.startA();
    await world.answers();
    expect((await budgetAudit()).differences).not.toEqual([]);
    await world.command('rebuild', 'budget');
    expect([(await budgetAudit()).differences, await balances()]).toEqual([[], then]);
  });

  test('a kill at any moment of a rebuild or a replay leaves nothing double, missing or left over', async () => {
    await world.settled('reporting');
    await world.settled('warehouse');
    const tasks = ['rebuild/reporting', 'rebuild/warehouse', 'rebuild/budget', 'replay'];
    for (let n = 0; n < 8; n++) {
      const task = tasks[n % tasks.length];
      const path = task === 'replay' ? `replay?from=${ago(30)}` : `${task.slice(8)}/rebuild`;
      const begun = await fetch(`${world.url}/v1/stores/${path}`, { method: 'POST' });
      expect([begun.status, await begun.text()]).toEqual([200, expect.any(String)]);
      await sleep(world.random.below(400));
      await world.endA('SIGKILL');
      await world.startA();
      await world.answers();
      await world.send(10);
      await world.settled('reporting');
      await world.settled('warehouse');
      expect([(await budgetAudit()).differences, world.hasLeftovers]).toEqual([[], false]);
    }
  });

  test('where no region runs, each store is made anew in its directory', async () => {
    await world.settled('reporting');
    await world.settled('warehouse');
    await world.endA('SIGTERM');
    rmSync(join(world.data, 'reporting.duckdb'));
    const rest = (store: string): Promise<UpkeepTask> => world.place.json(['rebuild', store, '--data', 'a']);
    expect((await rest('reporting')).records).toBeGreaterThan(0);
    rmSync(join(world.data, 'warehouse'), { recursive: true });
    await rest('warehouse');
    await rest('budget');
    await world.startA();
    await world.answers();
    await world.settled('reporting');
    await world.settled('warehouse');
    expect((await budgetAudit()).differences).toEqual([]);
  });
});
