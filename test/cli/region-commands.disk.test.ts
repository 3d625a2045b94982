import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FullAudit } from '../../src/cli/audit/full-audit.ts';
import type { ImportReport } from '../../src/cli/import/importer.ts';
import type { SentTraffic } from '../../src/cli/traffic/event-sender.ts';
import { DAY_MS } from '../../src/base/units.ts';
import type { QuarantineList } from '../../src/embedded/ports.ts';
import type { IngestReceipt } from '../../src/model/verdict.ts';
import type { AdMinuteReport } from '../../src/reporting/ad-minutes.ts';
import type { PerformanceReport } from '../../src/reporting/performance.ts';
import { Workplace, type Started } from './adtally-process.ts';

/** What a pipe holds before its writer has to wait for the reader. */
const PIPE_BYTES = 65_536;
const EXAMPLE = join(import.meta.dirname, '../../examples/open-bandit');

interface Line {
  readonly event: string;
  readonly url: string;
  readonly recovery: { readonly snapshotIds: number };
}

/** One region, used as somebody would who tries adtally for the first time; the tests build on each other. */
describe('adtally, used from the shell', { timeout: 120_000 }, () => {
  const place = new Workplace();
  let region: Started<Line>;
  beforeAll(async () => {
    region = await place.start(['start', '--port', '0']);
  });
  afterAll(() => place.remove());

  it('says where the region is', async () => {
    expect(region.first).toMatchObject({ event: 'started', region: 'a', data: join(place.folder, 'data') });
    const answer = await fetch(`${region.first.url}/healthz`);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  });

  it('imports real data once, however often it is asked to', async () => {
    const files = ['random-men', 'bts-men'].map((name) => join(EXAMPLE, `${name}.csv.gz`));
    const mapping = join(EXAMPLE, 'open-bandit.mapping.json');
    const args = ['import', ...files, '--map', mapping, '--time-shift', '23h', '--state', 'state.json'];
    const first = await place.json<ImportReport>(args);
    expect(first).toMatchObject({ outcome: 'complete', rows: 20_000, verdicts: { counted: first.events } });
    expect(first.events).toBeGreaterThan(20_000);
    expect(await place.json(args)).toMatchObject({ outcome: 'nothing_to_do', events: 0 });
    expect(await place.json([...args, '--again'])).toMatchObject({
      events: first.events,
      verdicts: { counted: 0, duplicate: first.events },
    });
  });

  it('ends without a word when the reader of its output leaves early', async () => {
    const report = ['report', '--granularity', 'minute', '--from', String(Date.now() - DAY_MS)];
    const whole = await place.run(report);
    expect(whole.stdout.length).toBeGreaterThan(PIPE_BYTES);
    expect(await place.runIntoClosedPipe(report)).toEqual({ exit: 0, stderr: '' });
  });

  it('imports any CSV by flags', async () => {
    const now = Math.floor(Date.now() / 1000);
    writeFileSync(join(place.folder, 'log.csv'), `at;item;who;price\n${now};7;eve;0.25\n${now};7;bob;\n`);
    const columns = ['eventTime=at', 'adId=item', 'userId=who', 'cost=price'].flatMap((text) => [
      '--column',
      text,
    ]);
    const values = ['eventType=click', 'campaignId=c{1}', 'advertiserId=acme'].flatMap((text) => [
      '--value',
      text,
    ]);
    const flags = ['--delimiter', ';', '--time-format', 'unix-s'];
    expect(await place.json(['import', 'log.csv', ...columns, ...values, ...flags])).toMatchObject({
      verdicts: { counted: 2 },
    });
    expect(readdirSync(place.folder)).toContain('log.csv.adtally-import.json');
    const report = await place.json<AdMinuteReport>(['report', '--ad', '7', '--granularity', 'day']);
    expect(report.totals).toMatchObject({ clicks: 2, costMicros: { EUR: 250_000 } });
    expect(report.rows[0].campaignId).toBe('c{1}');
  });

  it('shows a report as a table', async () => {
    const { stdout, exit } = await place.run(['report', '--campaign', 'bts-men', '--timezone', 'Asia/Tokyo']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^start +ad +campaign +advertiser +impressions +clicks +ctr +cost +currency\n/);
    expect(stdout).toMatch(/\+09:00 +bts-men-item-\d+ +bts-men +zozotown/);
    expect(stdout).toContain('Total: 10,000 impressions');
  });

  it('makes traffic and gets the verdicts that were due', async () => {
    const shares = ['duplicate=0.1', 'late=0.1', 'malformed=0.1'].flatMap((share) => ['--share', share]);
    const sent = await place.json<SentTraffic & { asDue: boolean }>(
      ['generate', '--count', '5000', '--seed', '7', '--batch', '500', '--field-orders', '9'].concat(shares),
    );
    expect(sent).toMatchObject({ events: 5000, asDue: true });
    expect(sent.verdicts).toEqual(sent.due.verdicts);
    expect(sent.verdicts.late).toBeGreaterThan(300);
  });

  it('shows what ads cost and brought', async () => {
    const order = {
      orderId: 'o-1',
      orderTime: Date.now(),
      userId: 'eve',
      merchantId: 'm',
      amountMicros: 5e6,
    };
    const body = JSON.stringify(order);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${region.first.url}/v1/orders`, { method: 'POST', body, headers });
    const report = ['report', '--by', 'campaign', '--model', 'last_touch'];
    const { found } = await place.json<PerformanceReport>(report);
    expect(found).toBeGreaterThan(1);
    const { stdout, exit } = await place.run([...report, '--advertiser', 'acme']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^campaign +impressions +clicks +cost +orders +revenue +cvr +roas +currency\nc\{1\} /,
    );
    expect(stdout).toContain('Orders are credited by last_touch.');
  });

  it('proves the running region exact', async () => {
    const audit = await place.json<FullAudit>(['audit']);
    expect(audit.exact).toBe(true);
    expect(audit.recount.events).toBe(audit.books.received);
    expect(audit.recount.records.equal).toBe(audit.books.counted.records);
    expect(audit.orders).toMatchObject({ received: 1, ordersEqual: 1, usersSampled: 51 });
    const whole = await place.run(['audit']);
    expect(whole.stdout).toMatch(
      /\nRecounted: 1 version of orders. Equal: 1 attributed order \(of 1 order\), [\d,]+ touches of 51 users in a sample.\nbudget: exact .*\n\nexact\n$/,
    );
    const { stdout } = await place.run(['audit', '--url', region.first.url]);
    expect(stdout).toContain('The books balance.');
  });

  it('lists, shows and replays the quarantine', async () => {
    const { entries, held } = await place.json<QuarantineList>(['quarantine', 'list', '--limit', '3']);
    expect(entries).toHaveLength(3);
    const { stdout } = await place.run(['quarantine', 'show', String(entries[0].id)]);
    expect(Buffer.byteLength(stdout)).toBe(entries[0].sizeBytes + 1);
    const replay = await place.json<IngestReceipt>(['quarantine', 'replay', '--all']);
    expect(replay).toMatchObject({ received: held, verdicts: { counted: 0 } });
    const { exit, stderr } = await place.run(['quarantine', 'replay']);
    expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining('--all') as string });
  });

  it('refuses a second process on the same data', async () => {
    const { exit, stdout } = await place.run(['start', '--port', '0', '--json']);
    expect(exit).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'data_locked', exit: 3 } });
  });

  it('lists URLs, files and settings', async () => {
    const list = await place.json<{
      urls: Record<string, string>;
      files: { file: string }[];
      settings: Record<string, string>;
    }>(['ls']);
    expect(list.urls['live page']).toBe(`${region.first.url}/`);
    expect(list.files.map(({ file }) => file)).toContain('MANIFEST');
    expect(list.settings).toMatchObject({ 'server.port': '0', maxEventAge: '1d' });
  });

  it('closes the region with a key, and opens it again', async () => {
    const publisher = await place.json<{ id: string; key: string }>(['keys', 'create', '--name', 'shop']);
    const operator = ['keys', 'create', '--name', 'ops', '--role', 'operator'];
    const { id, key } = await place.json<{ id: string; key: string }>(operator);
    expect((await place.run(['report'])).exit).toBe(2);
    expect((await place.run(['report'], { ADTALLY_KEY: publisher.key })).stderr).toContain('--role operator');
    expect((await place.run(['report'], { ADTALLY_KEY: key })).exit).toBe(0);
    expect(await place.json(['keys', 'list'])).toMatchObject({
      keys: [{ name: 'shop' }, { name: 'ops', id }],
    });
    const stored = join(place.folder, 'data/keys.json');
    expect(readFileSync(stored, 'utf8')).not.toContain(key.split('_').slice(2).join('_'));
    expect(statSync(stored).mode & 0o777).toBe(0o600);
    for (const each of [publisher.id, id]) await place.json(['keys', 'revoke', each]);
    expect((await place.run(['report'])).exit).toBe(0);
  });

  it('stops cleanly and proves the resting data exact', async () => {
    region.signal('SIGTERM');
    const { exit, lines, stderr } = await region.ended;
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(lines.at(-1)).toEqual({ event: 'stopped', region: 'a' });
    expect(readdirSync(join(place.folder, 'data'))).not.toContain('running.json');
    const { stdout } = await place.run(['audit']);
    expect(stdout).toMatch(/\nexact\n$/);
    expect((await place.run(['report'])).exit).toBe(7);
  });

  it('is not bothered by what a kill leaves behind', async () => {
    const data = join(place.folder, 'data');
    const before = await place.json<FullAudit>(['audit']);
    region = await place.start(['start', '--port', '0']);
    const files = readdirSync(data);
    region.signal('SIGKILL');
    await region.ended;
    expect(files).toContain('running.json');
    const again = await place.json<FullAudit>(['audit']);
    expect(again.books.received).toBe(before.books.received);
    expect(await place.json(['ls'])).toMatchObject({ running: null });
  });
});
