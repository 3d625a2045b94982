import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ReportingStore } from '../../../src/adapters/reporting-store/reporting-store.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { RECORD_KINDS, type FeedId, type RecordPage } from '../../../src/union-load/ports.ts';
import { drawAdMinute, drawOrder, NaiveStore, type RecordSpace } from './record-world.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const SPACE: RecordSpace = { from: 1_769_860_800_000, minutes: 600, ads: 12, orders: 25 };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-reporting-'));
});
afterEach(() => rm(directory, { recursive: true }));

const open = (): Promise<ReportingStore> =>
  ReportingStore.open({ directory, memoryBytes: 256 * 1024 * 1024, threads: 2, clusterRows: 40 });

/** Everything in the store, as records. */
async function contents(store: ReportingStore, table: string): Promise<Record<string, unknown>[]> {
  const connection = await store.connect();
  const result = await connection.runAndReadAll(`SELECT * FROM ${table}`);
  const rows = result.getRowObjectsJson();
  connection.closeSync();
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
      ]),
    ),
  );
}

const byId = (a: { recordId?: unknown }, b: { recordId?: unknown }): number =>
  String(a.recordId) < String(b.recordId) ? -1 : 1;

async function expectSame(store: ReportingStore, naive: NaiveStore): Promise<void> {
  const minutes = await contents(store, 'ad_minutes');
  expect(minutes.toSorted(byId)).toEqual([...naive.minutes.values()].toSorted(byId));
  const orders = await contents(store, 'attributed_orders');
  const expected = [...naive.orders.values()].map((order) => ({
    ...order,
    enrichment: order.enrichment === null ? null : JSON.stringify(order.enrichment),
  }));
  expect(orders.toSorted(byId)).toEqual(expected.toSorted(byId));
  for (const [key, cursor] of naive.cursors) {
    const [region, kind] = key.split(' ') as [string, FeedId['kind']];
    expect(await store.cursor({ region, kind })).toBe(cursor);
  }
}

describe(`the reporting store, seed ${SEED}`, () => {
  test('holds the highest revision of each record, whatever comes in what order and however often', async () => {
    const random = new SeededRandom(SEED);
    const naive = new NaiveStore();
    let store = await open();
    const sent: { feed: FeedId; page: RecordPage }[] = [];
    for (let n = 0; n < 120; n++) {
      const kind = random.pick(RECORD_KINDS);
      const feed: FeedId = { region: random.pick(['a', 'b']), kind };
      const records = Array.from({ length: random.below(60) }, () =>
        kind === 'ad-minutes' ? drawAdMinute(random, SPACE) : drawOrder(random, SPACE),
      );
      const fresh = { feed, page: { records, cursor: `c-${n}`, caughtUp: true, asOf: n, finalBefore: 0 } };
      // Now and then what came before comes again.
      const { feed: id, page } = random.below(4) === 0 && sent.length > 0 ? random.pick(sent) : fresh;
      sent.push({ feed: id, page });
      await store.load(id, page);
      naive.load(id, page);
      if (random.below(15) > 0) continue;
      await store.close();
      store = await open();
      await expectSame(store, naive);
    }
    await expectSame(store, naive);
    expect(naive.minutes.size).toBeGreaterThan(100);
    await store.close();
  });

  test('keeps neither rows nor cursor of a page that it cannot take', async () => {
    const random = new SeededRandom(SEED);
    const naive = new NaiveStore();
    const store = await open();
    const feed = { region: 'a', kind: 'ad-minutes' } as const;
    const good = {
      records: [drawAdMinute(random, SPACE)],
      cursor: 'c-1',
      caughtUp: true,
      asOf: 1,
      finalBefore: 0,
    };
    await store.load(feed, good);
    naive.load(feed, good);
    const bad = { ...drawAdMinute(random, SPACE), recordId: 'none' };
    const page = { ...good, records: [drawAdMinute(random, SPACE), bad], cursor: 'c-2' };
    await expect(store.load(feed, page)).rejects.toThrow('UUID');
    await expectSame(store, naive);
    await store.load(feed, { ...page, records: page.records.slice(0, 1) });
    naive.load(feed, { ...page, records: page.records.slice(0, 1) });
    await expectSame(store, naive);
    await store.close();
  });

  test('sorts what has passed by whom it belongs to, and leaves the latest hours alone', async () => {
    const random = new SeededRandom(SEED);
    const store = await open();
    const records = Array.from({ length: 800 }, () => drawAdMinute(random, SPACE));
    const feed = { region: 'a', kind: 'ad-minutes' } as const;
    await store.load(feed, { records, cursor: 'c', caughtUp: true, asOf: 1, finalBefore: 0 });
    await store.cluster();
    const connection = await store.connect();
    const rows = (
      await connection.runAndReadAll('SELECT minute, advertiser_id, campaign_id, ad_id FROM ad_minutes')
    ).getRows();
    const before = Number((await connection.runAndReadAll('SELECT before FROM clustered')).getRows()[0][0]);
    connection.closeSync();
    expect(before).toBeGreaterThan(SPACE.from + 3 * 3_600_000);
    expect(before).toBeLessThan(SPACE.from + SPACE.minutes * 60_000 - 2 * 3_600_000);
    const owners = rows
      .filter(([minute]) => Number(minute) < SPACE.from + 3_600_000)
      .map((row) => row.slice(1).map(String).join(' '));
    expect(owners.length).toBeGreaterThan(20);
    expect(owners).toEqual(owners.toSorted((a, b) => (a < b ? -1 : 1)));
    await store.close();
  });

  test('knows how far a region is only from pages that leave nothing out', async () => {
    const store = await open();
    const load = (kind: FeedId['kind'], asOf: number, caughtUp: boolean): Promise<void> =>
      store.load(
        { region: 'a', kind },
        { records: [], cursor: `c-${asOf}`, caughtUp, asOf, finalBefore: asOf - 10 },
      );
    await load('ad-minutes', 100, true);
    expect(await store.progress()).toEqual([{ region: 'a', asOf: null, finalBefore: 0 }]);
    await load('attributed-orders', 90, false);
    expect(await store.progress()).toEqual([{ region: 'a', asOf: null, finalBefore: 0 }]);
    await load('attributed-orders', 95, true);
    expect(await store.progress()).toEqual([{ region: 'a', asOf: 95, finalBefore: 85 }]);
    await load('ad-minutes', 200, false);
    await load('attributed-orders', 200, true);
    expect(await store.progress()).toEqual([{ region: 'a', asOf: 100, finalBefore: 90 }]);
    await store.close();
  });
});

test('refuses a file of a newer version, and one that is none', async () => {
  await (await open()).close();
  const path = join(directory, 'reporting.duckdb');
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run('UPDATE format SET version = 2');
  connection.closeSync();
  instance.closeSync();
  await expect(open()).rejects.toMatchObject({ code: 'data_format' });
  await writeFile(path, 'not a database at all'.repeat(1000));
  await expect(open()).rejects.toMatchObject({ code: 'data_corrupt' });
});
