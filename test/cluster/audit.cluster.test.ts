import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openKafkaPublisher } from '../../src/adapters/kafka/kafka-publisher.ts';
import type { ClusterAddresses } from '../../src/cluster/addresses.ts';
import type { ClusterAudit } from '../../src/cluster/audit/cluster-audit.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import { Workplace, type Ended } from '../cli/adtally-process.ts';
import { gatewayFrame } from '../../src/server/openapi/gateway-schemas.ts';
import { EventSource } from '../server/event-source.ts';
import { event } from '../server/server-fixture.ts';

/** Messages are of a minute that is over, and no gateway can add to, after so long. */
const SETTLED_MS = 125_000;
const DAY_MS = 86_400_000;

const place = new Workplace();
const data = join(inject('clusterFolder'), 'audit');
const run = (...args: string[]): Promise<Ended> => place.run([...args, '--json']);

describe('the books of a cluster', { timeout: 900_000 }, () => {
  let kafka: string;

  beforeAll(async () => {
    for (const args of [['up', '--regions', 'a', '--port-base', '0', '--without', 'hive'], ['apply']]) {
      const { exit, stdout, stderr } = await run('cluster', ...args, '--data', data);
      if (exit !== 0) throw new Error(stdout + stderr);
    }
    const addresses = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8')) as ClusterAddresses;
    kafka = addresses.regions['a'].kafka;
  }, 600_000);

  afterAll(async () => {
    await run('cluster', 'down', '--data', data, '--purge', '--yes');
    await place.remove();
  }, 120_000);

  test('are closed after events of every verdict, and a record that no job wrote is named', async () => {
    const keys = join(place.folder, 'gateway');
    const args = ['--cluster', data, '--regions', 'a', '--port', '0', '--data', keys];
    const { first } = await place.start<{ url: string }>(['gateway', ...args]);
    const known = event();
    const sent = [
      known,
      known,
      { ...known, adId: 'another' },
      event({ eventTime: Date.now() - 2 * DAY_MS }),
      event({ eventTime: Date.now() + DAY_MS }),
      { eventId: 'invalid' },
    ];
    await post(`${first.url}/v1/events`, sent);
    const order = { orderId: 'o-1', orderTime: Date.now(), userId: 'u-1', merchantId: 'm', amountMicros: 5 };
    await post(`${first.url}/v1/orders`, [order, order, { ...order, orderId: 'o-2' }, { orderId: 'o-3' }]);
    const traffic = ['--count', '4000', '--rate', '800', '--seed', '7'];
    await place.json(['generate', '--url', first.url, ...traffic]);
    const publisher = openKafkaPublisher({ brokers: [kafka], clientId: 'stranger' });
    const timestamp = Date.now();
    await publisher.publish([
      { topic: 'a.events', messages: [{ key: null, value: Buffer.from('no json'), timestamp }] },
    ]);

    // The page of the gateway shows them, and the page itself is there.
    const live = new EventSource(await fetch(`${first.url}/v1/live`));
    const judged = async (): Promise<number | undefined> =>
      gatewayFrame.parse((await live.next())!.data).verdicts?.duplicate;
    await expect.poll(judged, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(await (await fetch(first.url)).text()).toContain('<div id="app">');
    // While minutes may still fill, nothing is said of them.
    const { books: early } = await audit();
    expect(early.findings).toEqual([]);
    expect(early.arrivals[0].minutesProvisional).toBeGreaterThan(0);
    await sleep(SETTLED_MS);

    const { exit, books } = await audit();
    expect({ exit, findings: books.findings, moving: books.moving }).toEqual({
      exit: 0,
      findings: [],
      moving: 0,
    });
    const [events, orders] = books.arrivals;
    expect(events).toMatchObject({ kind: 'event', malformed: 1, minutesProvisional: 0, waiting: 0, from: 0 });
    const verdicts = ['counted', 'duplicate', 'conflict', 'late', 'future', 'invalid'];
    for (const verdict of verdicts)
      expect([verdict, events.verdicts[verdict]]).not.toEqual([verdict, undefined]);
    expect(sum(Object.values(events.verdicts)) + 1).toBe(events.received);
    expect(events.received).toBeGreaterThanOrEqual(4007);
    expect(orders).toMatchObject({ received: 4, verdicts: { accepted: 2, duplicate: 1, invalid: 1 } });
    expect(books.counted[0].counted).toBe(events.verdicts['counted']);
    expect(books.books.map(({ name, equal }) => [name, equal > 0])).toEqual([
      ['records of a', true],
      ['topic a.load.ad-minutes', true],
      ['Pinot of a', true],
      ['topic a.load.attributed-orders', true],
      ['Pinot of a', true],
    ]);

    const record = foreignRecord(Number(known['eventTime']));
    const value = Buffer.from(JSON.stringify(record));
    const message = { key: Buffer.from(record.recordId), value, timestamp: Date.now() };
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
});

async function audit(): Promise<{ exit: number | null; books: ClusterAudit }> {
  const { exit, stdout, stderr } = await run('audit', '--cluster', data);
  if (exit !== 0 && exit !== 6) throw new Error(stdout + stderr);
  return { exit, books: JSON.parse(stdout) as ClusterAudit };
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([response.status, await response.text()]).toMatchObject([
    200,
    expect.stringContaining('provisional'),
  ]);
}

/** The ad minute of the known event, with a revision that no job gives. */
function foreignRecord(eventTime: number): AdMinute {
  const minute = eventTime - (eventTime % 60_000);
  const recordId = adMinuteRecordId('a', 'ad-1', minute, 'EUR');
  const ids = { recordId, region: 'a', adId: 'ad-1', campaignId: 'c-1', advertiserId: 'adv-1' };
  return {
    ...ids,
    revision: 1_000_000,
    minute,
    currency: 'EUR',
    impressions: 2,
    clicks: 0,
    costMicros: 3000,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
