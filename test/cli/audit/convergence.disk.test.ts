import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditPair, describeConvergence, type Convergence } from '../../../src/cli/audit/convergence.ts';
import { serveRegion, type ServedRegion } from '../../../src/cli/regions/region-process.ts';
import { RegionClient } from '../../../src/client/region-client.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import { freePort } from '../../free-port.ts';
import { event } from '../../server/server-fixture.ts';

const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];

let folder: string;
let ports: Readonly<Record<Name, number>>;
let served: Record<Name, ServedRegion>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adtally-convergence-'));
  ports = { a: await freePort(), b: await freePort() };
  served = { a: await serve('a'), b: await serve('b') };
});
afterEach(async () => {
  for (const name of NAMES) await served[name].close();
  await rm(folder, { recursive: true });
});

function serve(name: Name): Promise<ServedRegion> {
  const other = name === 'a' ? 'b' : 'a';
  const config = {
    data: join(folder, name),
    regions: [...NAMES],
    peer: [`${other}=http://127.0.0.1:${ports[other]}`],
    server: { port: ports[name] },
    warehouse: { enabled: 'no' as const },
  };
  return serveRegion(resolveSpec(config, { environment: {}, flags: {} }), name);
}

async function post(name: Name, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(served[name].url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const audit = (): Promise<Convergence> =>
  auditPair([new RegionClient({ url: served.a.url }), new RegionClient({ url: served.b.url })]);

/** Events of six ads in region a, some of which come to b as well, and an order in b of who clicked in a. */
async function fill(): Promise<void> {
  const now = Date.now();
  const events = Array.from({ length: 60 }, (_, n) =>
    event({ adId: `ad-${n % 6}`, eventType: 'click', merchantId: 'm', eventTime: now - 3_600_000 }),
  );
  await post('a', '/v1/events', events);
  await post('b', '/v1/events', [...events.slice(0, 20), event({ adId: 'of-b' })]);
  const order = { orderId: 'o', orderTime: now, userId: 'u-1', merchantId: 'm', amountMicros: 7000 };
  await post('b', '/v1/orders', order);
}

/** The audit once both have heard each other: until then they are right to differ from what they will be. */
async function auditOnce(isSo: (convergence: Convergence) => boolean): Promise<Convergence> {
  for (;;) {
    const convergence = await audit();
    if (isSo(convergence)) return convergence;
  }
}

/** Changes what a store holds behind its back. */
async function falsify(name: Name, statements: readonly string[]): Promise<void> {
  await served[name].close();
  const database = await DuckDBInstance.create(join(folder, name, 'reporting.duckdb'));
  const connection = await database.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  database.closeSync();
  served[name] = await serve(name);
}

const recordsEqual = ({ copies }: Convergence): number =>
  copies.reduce((sum, copy) => sum + copy.recordsEqual, 0);

const own = (ad: string): string => `WHERE region = 'a' AND ad_id = '${ad}'`;

test('two regions that are level are exact, and every record is looked at', { timeout: 60_000 }, async () => {
  await fill();
  // Seven ad minutes of a's own ads and b's, those of b that were a's, and the order: each in two stores.
  const level = await auditOnce((now) => now.exact && recordsEqual(now) === 2 * (6 + 7 + 1));
  expect(level.copies.map(({ region, kind, at, wrong }) => [region, kind, at, wrong])).toEqual([
    ['a', 'ad-minutes', 'a', 0],
    ['a', 'ad-minutes', 'b', 0],
    ['a', 'attributed-orders', 'a', 0],
    ['a', 'attributed-orders', 'b', 0],
    ['b', 'ad-minutes', 'b', 0],
    ['b', 'ad-minutes', 'a', 0],
    ['b', 'attributed-orders', 'b', 0],
    ['b', 'attributed-orders', 'a', 0],
  ]);
  expect(level.budgets.map(({ region, audit: { exact } }) => [region, exact])).toEqual([
    ['a', true],
    ['b', true],
  ]);
  expect(describeConvergence(level)).toMatch(/region b, in the reporting store of a: 7 ad minutes equal\n/);
  expect(describeConvergence(level)).toMatch(/\nexact$/);
});

test('what a store has wrong is named, one by one', { timeout: 120_000 }, async () => {
  await fill();
  await auditOnce((now) => now.exact && recordsEqual(now) === 2 * (6 + 7 + 1));
  await falsify('b', [
    `UPDATE ad_minutes SET clicks = clicks + 1 ${own('ad-0')}`,
    `DELETE FROM ad_minutes ${own('ad-1')}`,
    `UPDATE ad_minutes SET revision = revision + 1 ${own('ad-2')}`,
    `INSERT INTO ad_minutes SELECT * FROM ad_minutes ${own('ad-3')}`,
    `INSERT INTO ad_minutes SELECT * REPLACE (uuid() AS record_id) FROM ad_minutes ${own('ad-4')}`,
    `UPDATE attributed_orders SET credit_micros = 1 WHERE order_id = 'o'`,
  ]);
  const { exact, copies } = await audit();
  expect(exact).toBe(false);
  const wrong = copies.filter((copy) => !copy.exact);
  expect(wrong.map(({ region, kind, at }) => [region, kind, at])).toEqual([
    ['a', 'ad-minutes', 'b'],
    ['b', 'attributed-orders', 'b'],
  ]);
  const store = 'in the reporting store of b';
  expect(wrong[0].differences.toSorted()).toEqual([
    expect.stringMatching(new RegExp(`^ad ad-0 at .* in .*: clicks 10, ${store} 11$`)),
    expect.stringMatching(new RegExp(`^ad ad-1 at .*: missing ${store}$`)),
    expect.stringMatching(new RegExp(`^ad ad-2 at .*: revision 10, ${store} 11$`)),
    expect.stringMatching(new RegExp(`^ad ad-3 at .*: 2 times ${store}$`)),
    expect.stringMatching(new RegExp(`^ad ad-4 at .*: ${store}, but not in the region$`)),
  ]);
  expect(wrong[0]).toMatchObject({ wrong: 5, recordsEqual: 2, recordsMoving: 0, isBehind: false });
  expect(wrong[1].differences).toEqual([`order o by last_touch, rank 0: creditMicros 7000, ${store} 1`]);
  expect(describeConvergence({ exact, copies, budgets: [] })).toMatch(/\nNOT exact$/);
});

test('records that move meanwhile are looked at again', { timeout: 60_000 }, async () => {
  await fill();
  await auditOnce((now) => now.exact);
  const over = new AbortController();
  const sending = (async () => {
    while (!over.signal.aborted) {
      const events = Array.from({ length: 20 }, (_, n) => event({ adId: `ad-${n % 6}` }));
      await Promise.all([post('a', '/v1/events', events), post('b', '/v1/events', events.slice(10))]);
    }
  })();
  const { copies } = await audit();
  over.abort();
  await sending;
  expect(copies.flatMap(({ differences }) => differences)).toEqual([]);
});

test('the same region twice is refused', async () => {
  const client = new RegionClient({ url: served.a.url });
  await expect(auditPair([client, client])).rejects.toMatchObject({ code: 'usage' });
});
