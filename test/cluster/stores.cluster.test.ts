import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openHive } from '../../src/adapters/hive/hive-server.ts';
import { openKafkaPublisher } from '../../src/adapters/kafka/kafka-publisher.ts';
import { SqlEngine } from '../../src/adapters/sql-engine/sql-engine.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import type { ClusterAudit } from '../../src/cluster/audit/cluster-audit.ts';
import { adMinuteSums, attributedOrderSums, type SumsRange } from '../../src/cluster/warehouse/hive-sums.ts';
import type { HiveSession } from '../../src/cluster/warehouse/ports.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import type { SqlAnswer } from '../../src/reporting/sql-answer.ts';
import { gatewayFrame } from '../../src/server/openapi/gateway-schemas.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { renderViews } from '../../src/warehouse/view-sql.ts';
import { Workplace, type Ended } from '../cli/adtally-process.ts';
import { EventSource } from '../server/event-source.ts';
import { LocalCluster } from './servers/local-cluster.ts';
import { seededTraffic, type Traffic } from './warehouse/seeded-traffic.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);
const LIMITS = { timeMaxMs: 300_000, rowsMax: 10_000 };
/** A file comes once a minute, and the jobs before it begin first. */
const PATIENCE_MS = 180_000;
/** Messages are of a minute that is over, and no gateway can add to, after so long. */
const SETTLED_MS = 125_000;
const HOURS = `SELECT start_time, ad_id, impressions, clicks, cost_micros FROM warehouse.ad_hours ORDER BY start_time, ad_id`;

const place = new Workplace();
const cluster = new LocalCluster(join(inject('clusterFolder'), 'stores'));
const sql = (query: string): Promise<Ended> =>
  place.run(['sql', '--cluster', cluster.directory, query, '--json']);

/** One region with every store there is: they hold what was sent, and the audit closes the books over them. */
describe(`the stores of a cluster (seed ${SEED})`, { timeout: 600_000 }, () => {
  let url = '';
  let kafka = '';
  let traffic: Traffic;
  /** When the last event was acknowledged, by a clock that never goes back. */
  let sentMs = 0;

  beforeAll(async () => {
    await cluster.up('--regions', 'a', '--port-base', '0');
    await cluster.apply();
    kafka = cluster.addresses.regions['a'].kafka;
    const keys = join(place.folder, 'gateway');
    const args = ['--cluster', cluster.directory, '--regions', 'a', '--port', '0', '--data', keys];
    ({ url } = (await place.start<{ readonly url: string }>(['gateway', ...args])).first);
    traffic = seededTraffic(new SeededRandom(SEED), Date.now());
    for (const batch of traffic.events) {
      await post(`${url}/v1/events`, batch);
      // So that a cell has several revisions, in one file or in two.
      await sleep(800);
    }
    await post(`${url}/v1/orders`, traffic.orders);
    await sendWhatIsNotCounted();
    sentMs = performance.now();
  }, 400_000);

  afterAll(async () => {
    await place.remove();
    await cluster.run('down', '--purge', '--yes');
  }, 120_000);

  /** Events and orders of every other verdict, and what is no JSON at all. */
  async function sendWhatIsNotCounted(): Promise<void> {
    const known = traffic.events[0][0];
    await post(`${url}/v1/events`, [
      known,
      { ...known, adId: 'another' },
      { ...known, eventId: 'late', eventTime: Date.now() - 2 * DAY_MS },
      { ...known, eventId: 'future', eventTime: Date.now() + DAY_MS },
      { eventId: 'invalid' },
    ]);
    await post(`${url}/v1/orders`, [traffic.orders[0], { orderId: 'invalid' }]);
    const publisher = openKafkaPublisher({ brokers: [kafka], clientId: 'stranger' });
    const message = { key: null, value: Buffer.from('no json'), timestamp: Date.now() };
    await publisher.publish([{ topic: 'a.events', messages: [message] }]);
    await publisher.close();
  }

  test('are as they are to be: a second plan finds nothing to do', async () => {
    expect(await cluster.lacks()).toEqual([]);
  });

  test('are behind the page, which the gateway shows', async () => {
    const live = new EventSource(await fetch(`${url}/v1/live`));
    const judged = async (): Promise<number | undefined> =>
      gatewayFrame.parse((await live.next())!.data).verdicts?.duplicate;
    await expect.poll(judged, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(await (await fetch(url)).text()).toContain('<div id="app">');
  });

  test('are not judged by minutes that may still fill', async () => {
    const { books } = await audit();
    expect(books.findings).toEqual([]);
    expect(books.arrivals[0].minutesProvisional).toBeGreaterThan(0);
  });

  test('have views in Hive with the columns of the embedded warehouse', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const embedded = await SqlEngine.open(() => instance.connect(), join(place.folder, 'nothing'));
    const hive = await openHive({ address: cluster.addresses.hive!, ...LIMITS });
    for (const { name } of renderViews('hive', 'warehouse.', () => 'rows')) {
      const { rows } = await hive.run(`DESCRIBE ${name}`);
      const { columns } = await embedded.run(`SELECT * FROM ${name} LIMIT 0`);
      expect([name, ...rows.map(([column]) => column)]).toEqual([name, ...columns.map((one) => one.name)]);
    }
    await hive.close();
    instance.closeSync();
  });

  test('have in Hive by the hour what was sent, to the last click, and again after kill -9', async () => {
    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    await expectSums();
    const counts = await sql('SELECT COUNT(*), COUNT(DISTINCT record_id) FROM warehouse.ad_minutes_files');
    const [[revisions, records]] = (JSON.parse(counts.stdout) as SqlAnswer).rows;
    expect(Number(revisions)).toBeGreaterThan(Number(records));

    const hive = (await cluster.status()).find(({ name }) => name === 'hive')!;
    expect(hive.residentBytes!).toBeLessThan(hive.plannedBytes);
    await cluster.kill('hive');
    const down = await sql(HOURS);
    expect([down.exit, JSON.parse(down.stdout)]).toMatchObject([
      7,
      { error: { code: 'cluster_unreachable' } },
    ]);
    await cluster.up();

    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    const dropped = await sql('DROP VIEW warehouse.ad_hours');
    expect([dropped.exit, JSON.parse(dropped.stdout)]).toMatchObject([2, { error: { code: 'bad_query' } }]);
  });

  test('say the same of fewer files, once small ones are put together', async () => {
    const days = join(fileURLToPath(cluster.addresses.warehouse), 'ad_minutes');
    const parts = (day: string): string[] =>
      readdirSync(join(days, day)).filter((name) => !/^[._]/.test(name));
    const folders = readdirSync(days).filter((name) => name.startsWith('dt='));
    // As many as come in a quarter of an hour; a row that is there again changes nothing.
    for (const day of folders)
      for (let n = 0; n < 15; n++)
        copyFileSync(join(days, day, parts(day)[0]), join(days, day, `part-again-${n}`));
    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    const { exit, stdout } = await cluster.run('compact', '--grace', '1');
    expect([exit, stdout]).toEqual([0, expect.stringContaining('"folder":"ad_minutes/dt=')]);
    for (const day of folders) expect([day, parts(day).length]).toEqual([day, 1]);
    expect(await hoursLike(traffic.hours)).toEqual(traffic.hours);
    await expectSums();
  });

  test('agree with what came in, and a record that no job wrote is named', async () => {
    await sleep(Math.max(0, sentMs + SETTLED_MS - performance.now()));
    const { exit, books } = await audit();
    expect({ exit, findings: books.findings, moving: books.moving }).toEqual({
      exit: 0,
      findings: [],
      moving: 0,
    });
    const [events, orders] = books.arrivals;
    const sent = traffic.events.flat().length;
    const counted = new Set(traffic.events.flat().map((one) => (one as { eventId: string }).eventId)).size;
    expect(events).toMatchObject({
      kind: 'event',
      received: sent + 6,
      malformed: 1,
      minutesProvisional: 0,
      waiting: 0,
      from: 0,
    });
    const others = { conflict: 1, late: 1, future: 1, invalid: 1 };
    expect(events.verdicts).toEqual({ counted, duplicate: sent - counted + 1, ...others });
    const { length: accepted } = traffic.orders;
    expect(orders).toMatchObject({
      received: accepted + 2,
      verdicts: { accepted, duplicate: 1, invalid: 1 },
    });
    expect(books.counted[0].counted).toBe(counted);
    expect(books.books.map(({ name }) => name)).toEqual([
      'records of a',
      'topic a.load.ad-minutes',
      'Pinot of a',
      'Hive',
      'topic a.load.attributed-orders',
      'Pinot of a',
      'Hive',
    ]);
    // Of hours that have just been written nothing is said of Hive.
    expect(books.books.filter(({ name, equal }) => equal === 0 && name !== 'Hive')).toEqual([]);

    const record = foreignRecord();
    const value = Buffer.from(JSON.stringify(record));
    const message = { key: Buffer.from(record.recordId), value, timestamp: Date.now() };
    const publisher = openKafkaPublisher({ brokers: [kafka], clientId: 'stranger' });
    await publisher.publish([{ topic: 'a.load.ad-minutes', messages: [message] }]);
    await publisher.close();
    const after = await audit();
    expect(after.exit).toBe(6);
    for (const name of ['topic a.load.ad-minutes', 'Pinot of a']) {
      const finding = after.books.findings.find((one) => one.place === name);
      expect([name, finding]).toMatchObject([
        name,
        { region: 'a', start: record.minute, kind: 'ad-minutes' },
      ]);
      expect(finding!.figures.map(({ figure }) => figure)).toContain('revisions');
    }
  });

  /** What an audit asks: by hour and by minute, the same sums as were sent. */
  async function expectSums(): Promise<void> {
    const hive = await openHive({ address: cluster.addresses.hive!, ...LIMITS });
    const { from, to } = traffic;
    for (const by of ['hour', 'minute'] as const) {
      const range = { from: from - (from % HOUR_MS), to: to - (to % HOUR_MS) + HOUR_MS, by };
      expect(await totals(hive, range)).toEqual(traffic.totals);
    }
    await hive.close();
  }

  /** The ad minute of the first event, with a revision that no job gives. */
  function foreignRecord(): AdMinute {
    const { adId, campaignId, advertiserId, eventTime } = traffic.events[0][0] as AdMinute & {
      readonly eventTime: number;
    };
    const minute = eventTime - (eventTime % MINUTE_MS);
    const ids = { region: 'a', adId, campaignId, advertiserId, minute, currency: 'EUR' };
    const recordId = adMinuteRecordId('a', adId, minute, 'EUR');
    return { recordId, revision: 1_000_000, ...ids, impressions: 2, clicks: 0, costMicros: 3000 };
  }
});

async function audit(): Promise<{ exit: number | null; books: ClusterAudit }> {
  const { exit, stdout, stderr } = await place.run(['audit', '--cluster', cluster.directory, '--json']);
  if (exit !== 0 && exit !== 6) throw new Error(stdout + stderr);
  return { exit, books: JSON.parse(stdout) as ClusterAudit };
}
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

async function post(url: string, body: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('provisional')]);
}
