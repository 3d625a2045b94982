import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { z } from 'zod';
import { serveRegion, type ServedRegion } from '../../src/cli/regions/region-process.ts';
import { KeyFile } from '../../src/cli/key-file.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../src/pipeline/settings.ts';
import { formatKey, hashSecret } from '../../src/server/keys.ts';
import { figuresReport, reportsStatus } from '../../src/server/openapi/report-schemas.ts';
import { event, expectJson, expectProblem } from '../server/server-fixture.ts';

type Report = z.infer<typeof figuresReport>;

let directory: string;
let served: ServedRegion[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-reports-'));
  served = [];
});
afterEach(async () => {
  for (const region of served) await region.close();
  await rm(directory, { recursive: true });
});

async function serve(name: string, config: PipelineConfig = {}): Promise<ServedRegion> {
  const given = { data: join(directory, name), server: { port: 0 }, ...config };
  const region = await serveRegion(resolveSpec(given, { environment: {}, flags: {} }), name);
  served.push(region);
  return region;
}

async function post(url: string, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

function as(key: string): RequestInit {
  return { headers: { authorization: `Bearer ${key}` } };
}

/** Resolves once the store of the region runs. */
async function running(url: string): Promise<void> {
  for (;;) {
    const { state } = await expectJson(await fetch(`${url}/v1/reports/status`), reportsStatus);
    if (state === 'running') return;
    await sleep(20);
  }
}

/** The report, once it is what is waited for. */
async function reportOnce(url: string, query: string, isSo: (report: Report) => boolean): Promise<Report> {
  await running(url);
  for (;;) {
    const report = await expectJson(await fetch(`${url}/v1/reports/figures?${query}`), figuresReport);
    if (isSo(report)) return report;
    await sleep(20);
  }
}

const clicks = (report: Report): number => report.rows.reduce((sum, row) => sum + row.clicks, 0);

test('what is sent to a region is in its reports', async () => {
  const { url } = await serve('a');
  const at = Date.now() - 5000;
  const click = { eventType: 'click', eventTime: at, merchantId: 'm', costMicros: 500 };
  await post(url, '/v1/events', [
    event({ ...click, adId: '=1+1' }),
    event({ ...click, adId: 'ad-2' }),
    event(),
  ]);
  const order = { orderId: 'o', orderTime: at + 1, userId: 'u-1', merchantId: 'm', amountMicros: 7000 };
  await post(url, '/v1/orders', order);
  const report = await reportOnce(url, 'by=total&compare=previous', (r) => (r.rows[0]?.orders ?? 0) === 1);
  expect(report).toMatchObject({ by: 'total', found: 1, regions: [{ region: 'a', lagMs: 0 }] });
  expect(report.asOf).not.toBeNull();
  expect(report.rows[0]).toMatchObject({
    id: null,
    impressions: 1,
    clicks: 2,
    costMicros: 2500,
    cpcMicros: 1250,
    revenueMicros: 7000,
    cvr: 0.5,
    roas: 2.8,
    final: false,
    previous: { clicks: 0 },
    change: { clicks: null },
  });
  const status = await expectJson(await fetch(`${url}/v1/reports/status`), reportsStatus);
  expect(status).toMatchObject({ state: 'running', feeds: [{ caughtUp: true }, { caughtUp: true }] });

  const csv = await fetch(`${url}/v1/reports/figures?by=ad&format=csv&granularity=day&order=clicks`);
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const rows: Record<string, string>[] = parse(await csv.text(), { columns: true });
  expect(rows.map(({ adId }) => adId).toSorted()).toEqual(["'=1+1", 'ad-1', 'ad-2']);
  expect(rows.find(({ adId }) => adId === 'ad-2')).toMatchObject({ clicks: '1', costMicros: '500', ctr: '' });
});

test('a region shows the records of its peer too, and goes on when that is gone', async () => {
  const regions = ['a', 'b'];
  const retention = { records: '4d' };
  const b = await serve('b', { regions, retention });
  const a = await serve('a', { regions, retention, peer: [`b=${b.url}`] });
  await post(b.url, '/v1/events', [event({ adId: 'of-b', eventType: 'click' })]);
  await post(a.url, '/v1/events', [event({ adId: 'of-a', eventType: 'click' })]);
  const report = await reportOnce(a.url, 'by=ad', (r) => clicks(r) === 2);
  expect(new Set(report.rows.map(({ id }) => id))).toEqual(new Set(['of-a', 'of-b']));
  expect(report.regions.map(({ region }) => region)).toEqual(['a', 'b']);
  await b.close();
  served = served.filter((region) => region !== b);
  await post(a.url, '/v1/events', [event({ adId: 'of-a', eventType: 'click' })]);
  await reportOnce(a.url, 'by=ad', (r) => clicks(r) === 3);
  const late = await reportOnce(a.url, 'by=ad', (r) => (r.regions[1].lagMs ?? 0) > 0);
  expect(late.regions[0].lagMs).toBe(0);
});

test('an old minute is final, a new one is not', async () => {
  const { url } = await serve('a', { maxEventAge: '1h' });
  const now = Date.now();
  await post(url, '/v1/events', [event({ eventTime: now, adId: 'new' })]);
  const { rows } = await reportOnce(url, `by=ad&granularity=minute`, (r) => r.rows.length === 1);
  expect(rows[0]).toMatchObject({ id: 'new', final: false });
});

test('with keys, only an operator may read; the worker itself can', async () => {
  const data = join(directory, 'a');
  const [operator, publisher] = ['operator', 'publisher'].map((role, n) => ({
    text: formatKey(`key${n}`, new Uint8Array(32).fill(n)),
    role: role as 'operator' | 'publisher',
  }));
  const stored = [operator, publisher].map(({ text, role }, n) => ({
    id: `key${n}`,
    name: role,
    role,
    secretHash: hashSecret(text.split('_')[2]),
    createdAt: 0,
  }));
  new KeyFile(data).save(stored);
  const { url } = await serve('a', { data });
  const path = `${url}/v1/reports/figures`;
  await expectProblem(await fetch(path), 'unauthorized');
  await expectProblem(await fetch(path, as(publisher.text)), 'forbidden');
  for (;;) {
    const status = await fetch(`${url}/v1/reports/status`, as(operator.text));
    const { feeds } = reportsStatus.parse(await status.json());
    if (feeds.length === 2 && feeds.every(({ caughtUp }) => caughtUp)) break;
    await sleep(20);
  }
  expect((await fetch(path, as(operator.text))).status).toBe(200);
});

test('a store that cannot be opened is reported, the region counts on, and it comes back', async () => {
  const file = join(directory, 'a', 'reporting.duckdb');
  await mkdir(join(directory, 'a'));
  await writeFile(file, 'not a database at all'.repeat(1000));
  const { url } = await serve('a');
  await post(url, '/v1/events', [event({ eventType: 'click' })]);
  let status = reportsStatus.parse(await (await fetch(`${url}/v1/reports/status`)).json());
  while (status.restarts === 0) {
    await sleep(20);
    status = await expectJson(await fetch(`${url}/v1/reports/status`), reportsStatus);
  }
  expect(status.error).toContain('cannot be opened');
  await expectProblem(await fetch(`${url}/v1/reports/figures`), 'reporting_unavailable');
  await rm(file);
  await reportOnce(url, 'by=ad', (r) => clicks(r) === 1);
});

test('a secret that cannot be read stops the start', async () => {
  const starting = serve('a', { replication: { secretFile: join(directory, 'none') } });
  await expect(starting).rejects.toMatchObject({ code: 'config_invalid' });
});

test('without a store there are no reports', async () => {
  const { url } = await serve('a', { reporting: { enabled: 'no' } });
  const detail = await expectProblem(await fetch(`${url}/v1/reports/figures`), 'not_found');
  expect(detail).toContain('without a reporting store');
});

test.for([
  ['by=user', 'by is "user"'],
  ['timezone=Mars/Olympus', 'timezone "Mars/Olympus"'],
  ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from must be before to'],
  ['compare=next', 'compare is "next"'],
  ['limit=0', 'limit is "0"'],
] as const)('refuses %s', async ([query, detail]) => {
  const { url } = await serve('a');
  await running(url);
  expect(await expectProblem(await fetch(`${url}/v1/reports/figures?${query}`), 'bad_request')).toContain(
    detail,
  );
});
