import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/base/units.ts';
import type { AdMinuteFilter, Region } from '../../src/embedded/ports.ts';
import { formatTime } from '../../src/model/event-time.ts';
import { exactJson } from '../../src/server/exact-json.ts';
import {
  adMinuteReport,
  auditReport,
  health,
  ingestReceipt,
  quarantineList,
} from '../../src/server/openapi/schemas.ts';
import {
  type TestServer,
  event,
  expectJson,
  expectProblem,
  openTestServer,
  withMembers,
} from './server-fixture.ts';

describe('figures and books', () => {
  let server: TestServer;
  let asked: AdMinuteFilter[] = [];
  let fault: Error | undefined;

  const wrap = (region: Region): Region =>
    withMembers(region, {
      adMinutes(filter) {
        asked.push(filter);
        if (fault !== undefined) throw fault;
        return region.adMinutes(filter);
      },
    });
  beforeAll(async () => {
    server = await openTestServer({ wrap });
    const events = [
      event({ adId: 'ad-1' }),
      event({ adId: 'ad-1', eventType: 'click', costMicros: 250_000 }),
      event({ adId: 'ad-2', campaignId: 'other', currency: 'USD' }),
      { eventId: 'broken' },
    ];
    await server.post('/v1/events', JSON.stringify(events));
  });
  afterAll(() => server.close());

  test('GET /v1/ad-minutes gives rows, totals and how fresh they are', async () => {
    const query = '?adId=ad-1&granularity=day&timezone=Europe/Paris';
    const report = await expectJson(await server.get(`/v1/ad-minutes${query}`), adMinuteReport);
    expect(report.rows).toMatchObject([
      { adId: 'ad-1', impressions: 1, clicks: 1, costMicros: 251_500, ctr: 1, currency: 'EUR' },
    ]);
    expect(report.rows[0].start).toMatch(/T00:00:00\+0[12]:00$/);
    expect(report.totals).toEqual({ impressions: 1, clicks: 1, costMicros: { EUR: 251_500 }, ctr: 1 });
    expect(Date.parse(report.asOf!)).toBeGreaterThan(Date.now() - HOUR_MS);
  });

  test('without a range it is the last 24 hours, and "to" alone ends 24 hours', async () => {
    asked = [];
    const before = Date.now();
    await server.get('/v1/ad-minutes');
    expect(asked[0].to).toBeGreaterThanOrEqual(before);
    expect(asked[0].from).toBe(asked[0].to - DAY_MS);
    await server.get('/v1/ad-minutes?to=2026-01-31T12:00:00%2B01:00&currency=EUR');
    const to = Date.parse('2026-01-31T11:00:00Z');
    expect(asked[1]).toMatchObject({ from: to - DAY_MS, to, currency: 'EUR' });
    await server.get(`/v1/ad-minutes?from=0&to=${formatTime(HOUR_MS)}&campaignId=c&advertiserId=v`);
    expect(asked[2]).toMatchObject({ from: 0, to: HOUR_MS, campaignId: 'c', advertiserId: 'v' });
  });

  test.for([
    ['from=yesterday', 'from is "yesterday"; allowed: RFC 3339 with an offset (2026-01-31T12:00:00Z'],
    ['from=2026-01-31T12:00:00', 'from is "2026-01-31T12:00:00"; allowed: RFC 3339 with an offset'],
    ['from=2026-01-31T12:00:00+01:00', 'a "+" is written %2B'],
    ['to=-1', 'to is "-1"'],
    ['to=1e12', 'to is "1e12"'],
    ['from=2026-02-30T00:00:00Z', 'from is "2026-02-30T00:00:00Z"'],
    ['granularity=week', 'granularity is "week"; allowed: minute, hour, 6h, day.'],
    ['timezone=Mars/Olympus', 'timezone "Mars/Olympus" is not an IANA time zone'],
    ['from=5000&to=4000', 'from must be before to'],
    ['adId=', 'adId is ""; allowed: 1 to'],
    ['adid=1', '"adid" is not a parameter here; allowed: adId, campaignId'],
    ['__proto__=1', '"__proto__" is not a parameter here'],
    [`granularity=${'x'.repeat(5000)}`, 'x…"; allowed'],
  ] as const)('refuses ?%s', async ([query, detail]) => {
    const answer = await server.get(`/v1/ad-minutes?${query}`);
    expect(await expectProblem(answer, 'bad_request')).toContain(detail);
  });

  test('a failure nobody expected says nothing of the inside, but the log does', async () => {
    fault = new Error('secret: /home/somebody');
    const answer = await server.get('/v1/ad-minutes');
    const requestId = answer.headers.get('x-request-id')!;
    expect(await expectProblem(answer, 'internal')).toBe(
      `The cause is in the region's log, under request ${requestId}.`,
    );
    expect(server.logged.splice(0)).toMatchObject([{ err: fault, requestId }]);
    fault = undefined;
  });

  test('GET /v1/audit shows the books', async () => {
    const audit = await expectJson(await server.get('/v1/audit'), auditReport);
    expect(audit).toMatchObject({
      balanced: true,
      received: 4,
      verdicts: { counted: 3, invalid: 1 },
      cells: { records: 2, impressions: 2, clicks: 1, costMicros: 253_000 },
      yielded: { records: 0, impressions: 0, clicks: 0, costMicros: 0 },
      differences: [],
    });
  });

  test('sums past 2^53 are written exactly', () => {
    expect(exactJson({ costMicros: 2n ** 53n + 1n, list: [1, -5n], text: '"' })).toBe(
      String.raw`{"costMicros":9007199254740993,"list":[1,-5],"text":"\""}`,
    );
  });

  test('the quarantine can be listed, shown raw and replayed', async () => {
    const list = async (): Promise<number[]> => {
      const given = await expectJson(await server.get('/v1/quarantine?limit=10'), quarantineList);
      expect(given.held).toBe(given.entries.length);
      return given.entries.map(({ id }) => id);
    };
    const [id] = await list();
    const raw = await server.get(`/v1/quarantine/${id}/raw`);
    expect(raw.headers.get('content-type')).toBe('application/octet-stream');
    expect(raw.headers.get('content-disposition')).toBe(`attachment; filename="quarantine-${id}"`);
    expect(await raw.json()).toEqual({ eventId: 'broken' });
    const replay = await server.post('/v1/quarantine/replay', JSON.stringify({ ids: [id] }));
    const receipt = await expectJson(replay, ingestReceipt);
    expect(receipt).toMatchObject({ received: 1, verdicts: { invalid: 1 } });
    const [again] = await list();
    expect(again).toBeGreaterThan(id);
    const before = await server.get(`/v1/quarantine?before=${again}`);
    expect((await expectJson(before, quarantineList)).entries).toEqual([]);
  });

  test.for([
    ['/v1/quarantine/999/raw', 'not_found'],
    ['/v1/quarantine/x/raw', 'bad_request'],
    ['/v1/quarantine/-1/raw', 'bad_request'],
    ['/v1/quarantine?limit=0', 'bad_request'],
    ['/v1/quarantine?before=x', 'bad_request'],
    ['/v1/audit?verbose=1', 'bad_request'],
    ['/nowhere', 'not_found'],
    ['/v1', 'not_found'],
    ['/v1/events/', 'not_found'],
    ['/%ff', 'bad_request'],
    ['/%00', 'not_found'],
    ['/v1/events', 'method_not_allowed'],
    ['/v1/quarantine/replay', 'method_not_allowed'],
  ] as const)('GET %s is %s', async ([path, code]) => {
    expect(await expectProblem(await server.get(path), code)).not.toBe('');
  });

  test.for([
    ['', 'The body is not valid JSON.'],
    ['[1]', 'The body: '],
    ['{"ids":[]}', 'ids: '],
    ['{"ids":["1"]}', 'ids.0: '],
    ['{"ids":[1],"all":true}', 'The body: Unrecognized key: "all"'],
    [JSON.stringify({ ids: Array.from({ length: 1001 }, (_, id) => id) }), 'ids: '],
  ] as const)('a replay of %s is refused', async ([body, detail]) => {
    const answer = await server.post('/v1/quarantine/replay', body);
    expect(await expectProblem(answer, 'bad_request')).toContain(detail);
  });

  const allowOf = async (path: string, method: string): Promise<string | null> =>
    (await server.get(path, { method })).headers.get('allow');
  test('an address says which methods it takes', async () => {
    expect(await allowOf('/v1/events', 'DELETE')).toBe('POST');
    expect(await allowOf('/v1/audit', 'POST')).toBe('GET, HEAD');
    expect(await allowOf('/v1/quarantine/7/raw', 'PUT')).toBe('GET, HEAD');
    expect(await allowOf('/v1/audit', 'PROPFIND')).toBe('GET, HEAD');
  });

  test('HEAD answers what GET would, without the body', async () => {
    const get = await server.get('/v1/audit');
    const head = await server.get('/v1/audit', { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
    expect((await server.get('/nowhere', { method: 'HEAD' })).status).toBe(404);
  });

  test('every answer has an id of its own and is not for others to keep', async () => {
    const paths = ['/healthz', '/v1/audit', '/nowhere', '/v1/events', '/%ff', '/metrics', '/docs/'];
    const answers = await Promise.all(paths.map((path) => server.get(path)));
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(paths.length);
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('/metrics shows the figures of the region', async () => {
    const text = await (await server.get('/metrics')).text();
    const { received, verdicts } = server.region.status();
    expect(text).toContain(`adtally_events_received_total ${received}\n`);
    expect(text).toContain(`adtally_events_total{verdict="counted"} ${verdicts.counted}\n`);
    expect(text).toMatch(/adtally_visible_seconds_count [1-9]/);
    expect(text).toMatch(
      /adtally_http_request_seconds_count\{method="POST",route="\/v1\/events",status="200"\} 1\n/,
    );
    expect(text).toMatch(/adtally_nodejs_eventloop_lag_seconds /);
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names.filter((name) => !name.startsWith('adtally_'))).toEqual([]);
  });

  test('health and readiness', async () => {
    await expectJson(await server.get('/healthz'), health);
    expect(await expectJson(await server.get('/readyz'), health)).toEqual({ status: 'ok' });
  });
});
