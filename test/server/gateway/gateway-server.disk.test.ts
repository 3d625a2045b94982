import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { FiguresQuery } from '../../../src/reporting/figures.ts';
import type { Reports } from '../../../src/reporting/reports.ts';
import { GATEWAY_ROUTES } from '../../../src/server/gateway/gateway-routes.ts';
import { keyStoreOf } from '../../../src/server/keys.ts';
import { noVerdicts, type VerdictCounts } from '../../../src/model/verdict.ts';
import { accessReport } from '../../../src/server/openapi/access-schemas.ts';
import { gatewayFrame } from '../../../src/server/openapi/gateway-schemas.ts';
import { EventSource } from '../event-source.ts';
import { RawClient } from '../raw-client.ts';
import { event, events, expectProblem } from '../server-fixture.ts';
import { makeKey } from '../test-keys.ts';
import { openTestGateway, type TestGateway, type TestGatewayOptions } from './gateway-fixture.ts';

const publisher = makeKey('pub1', 'publisher');
const operator = makeKey('ops1', 'operator');
const advertiser = makeKey('adv1', 'advertiser', 'acme');
const keys = keyStoreOf([publisher, operator, advertiser].map(({ record }) => record));

let gateway: TestGateway;
afterEach(() => gateway.close());
async function open(options: TestGatewayOptions = {}): Promise<TestGateway> {
  gateway = await openTestGateway(options);
  await gateway.untilReady();
  return gateway;
}
const body = (count = 1): string => JSON.stringify(events(count));

/** Reports that only remember what they were asked. */
function askedReports(): Reports & { readonly asked: FiguresQuery[] } {
  const asked: FiguresQuery[] = [];
  return {
    asked,
    figures: (query) => {
      asked.push(query);
      return Promise.resolve('{}');
    },
    sql: () => Promise.reject(new Error('not asked')),
    records: () => Promise.reject(new Error('not asked')),
    status: () => Promise.reject(new Error('not asked')),
  };
}

describe('keys', () => {
  test('each role may do its own part, and nobody anything without a key', async () => {
    const reports = askedReports();
    await open({ keys, reports });
    const figures = '/v1/reports/figures';
    const may = async (headers: Readonly<Record<string, string>>): Promise<number[]> => [
      (await gateway.post('/v1/events', body(), headers)).status,
      (await gateway.post('/v1/orders', '[]', headers)).status,
      (await gateway.get(figures, headers)).status,
      (await gateway.get('/metrics', headers)).status,
    ];
    expect(await may({})).toEqual([401, 401, 401, 401]);
    expect(await may({ authorization: 'Bearer nothing' })).toEqual([401, 401, 401, 401]);
    expect(await may(publisher.headers)).toEqual([200, 200, 403, 403]);
    expect(await may(advertiser.headers)).toEqual([403, 403, 200, 403]);
    expect(await may(operator.headers)).toEqual([200, 200, 200, 200]);
    expect(gateway.kafka.messages).toHaveLength(2);
    for (const path of ['/healthz', '/readyz']) expect((await gateway.get(path)).status).toBe(200);
    expect(reports.asked.map(({ filter }) => filter.advertiserId)).toEqual(['acme', undefined]);
    await expectProblem(await gateway.get(`${figures}?advertiserId=other`, advertiser.headers), 'forbidden');
  });

  test('there must be some where other machines can reach it', async () => {
    await expect(openTestGateway({ config: { server: { host: '0.0.0.0' } } })).rejects.toMatchObject({
      code: 'config_invalid',
    });
    await open();
  });

  test('without any, a page elsewhere cannot reach it under its own name', async () => {
    await open();
    const client = await RawClient.open(gateway.port);
    client.write(['GET /metrics HTTP/1.1', 'Host: evil.example']);
    expect(await client.until('misdirected')).toMatch(/^HTTP\/1.1 421 /);
    client.destroy();
  });
});

test('a key sends no more requests than it may, and nothing of what is refused goes to Kafka', async () => {
  let skipMs = 0;
  // Whole, so that a second later is a second later.
  const startMs = Math.trunc(nodeClock.monotonicMs());
  const clock: Clock = { ...nodeClock, monotonicMs: () => startMs + skipMs };
  await open({ keys, clock, config: { limits: { requestsPerSecond: { publisher: 1 } } } });
  const post = (): Promise<Response> => gateway.post('/v1/events', body(), publisher.headers);
  expect([(await post()).status, (await post()).status]).toEqual([200, 200]);
  const refused = await post();
  expect(refused.headers.get('retry-after')).toBe('1');
  await expectProblem(refused, 'rate_limited');
  expect(gateway.kafka.messages).toHaveLength(2);
  skipMs += 1000;
  expect((await post()).status).toBe(200);
});

describe('bodies', () => {
  test('of every kind that a region takes are taken', async () => {
    await open();
    const one = JSON.stringify(event());
    const lines = { 'content-type': 'application/x-ndjson' };
    const zipped = { 'content-encoding': 'gzip' };
    const answers = [
      await gateway.post('/v1/events', one),
      await gateway.post('/v1/events', `${one}\n${one}\n`, lines),
      await gateway.post('/v1/events', new Uint8Array(gzipSync(body(3))), zipped),
    ];
    const received = await Promise.all(
      answers.map(async (answer) => (await answer.json()) as { received: number }),
    );
    expect(received.map((receipt) => receipt.received)).toEqual([1, 2, 3]);
    expect(gateway.kafka.messages).toHaveLength(6);
  });

  test('that are too much, or cannot be read, are refused whole', async () => {
    await open({ config: { limits: { bytesPerRequest: '4KiB', eventsPerRequest: 3 } } });
    const zip = new Uint8Array(gzipSync(Buffer.alloc(100_000, 32)));
    const post = (given: BodyInit, headers = {}): Promise<Response> =>
      gateway.post('/v1/events', given, headers);
    await expectProblem(await post(`"${'x'.repeat(5000)}"`), 'too_large');
    await expectProblem(await post(zip, { 'content-encoding': 'gzip' }), 'too_large');
    await expectProblem(await post(body(4)), 'too_large');
    await expectProblem(await post('no gzip', { 'content-encoding': 'gzip' }), 'bad_encoding');
    await expectProblem(await post('{}', { 'content-encoding': 'br' }), 'unsupported_media_type');
    await expectProblem(await post('{}', { 'content-type': 'text/plain' }), 'unsupported_media_type');
    expect(gateway.kafka.messages).toEqual([]);
    expect((await post(body(3))).status).toBe(200);
  });
});

describe('Kafka', () => {
  test('that is down is said to be, until it is back', async () => {
    await open();
    gateway.kafka.isDown = true;
    const refused = await gateway.post('/v1/events', body());
    expect(refused.headers.get('retry-after')).toBe('1');
    await expectProblem(refused, 'kafka_unreachable');
    await expectProblem(await gateway.get('/readyz'), 'kafka_unreachable');
    expect((await gateway.get('/healthz')).status).toBe(200);
    gateway.kafka.isDown = false;
    // A request does not wait for the next look at whether it is back.
    expect((await gateway.post('/v1/events', body())).status).toBe(200);
    await gateway.untilReady();
  });

  test('that says nothing ends a request in time', async () => {
    await open({ answerWithinMs: 50 });
    gateway.kafka.hold();
    const refused = await gateway.post('/v1/events', body());
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await expectProblem(refused, 'kafka_unreachable')).toContain(
      'has not taken in the request within',
    );
    gateway.kafka.release();
  });

  test('that is slow has no more wait for it than may', async () => {
    await open({ config: { limits: { bytesPerRequest: '1MiB', pendingBytes: '1MiB' } } });
    gateway.kafka.hold();
    const many = body(500);
    const waiting = [gateway.post('/v1/events', many), gateway.post('/v1/events', many)];
    await expect.poll(pending).toBeGreaterThan(2 * many.length);
    const refused = await gateway.post('/v1/events', many);
    expect(refused.headers.get('retry-after')).toBe('1');
    await expectProblem(refused, 'overloaded');
    gateway.kafka.release();
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    expect(await pending()).toBe(0);
  });
});

async function pending(): Promise<number> {
  return figure(await metrics(), 'adtally_pending_bytes');
}

async function metrics(): Promise<string> {
  return (await gateway.get('/metrics')).text();
}

function figure(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

test('the metrics tell what was taken in, what Kafka did not take, and how requests ended', async () => {
  await open();
  await gateway.post('/v1/events', JSON.stringify([...events(4), { eventId: 'broken' }]));
  await gateway.post('/v1/orders', '{}');
  gateway.kafka.isDown = true;
  await gateway.post('/v1/events', body());
  const text = await metrics();
  const figures = {
    'adtally_gateway_events_total{verdict="provisional"}': 4,
    'adtally_gateway_events_total{verdict="invalid"}': 1,
    'adtally_gateway_orders_total{verdict="invalid"}': 1,
    adtally_kafka_messages_total: 6,
    adtally_kafka_failures_total: 1,
    adtally_kafka_ready: 0,
    adtally_pending_bytes: 0,
  };
  expect(Object.fromEntries(Object.keys(figures).map((name) => [name, figure(text, name)]))).toEqual(figures);
  expect(text).toMatch(/_count\{[^}]*route="\/v1\/events",status="503"\} 1/);
});

test('it stops once what it accepted is answered, and lets go of Kafka after that', async () => {
  await open();
  gateway.kafka.hold();
  const asked = gateway.post('/v1/events', body(2));
  await expect.poll(() => gateway.kafka.calls).toEqual([2]);
  const idle = await RawClient.open(gateway.port);
  idle.write(['GET /healthz HTTP/1.1', 'Host: localhost']);
  await idle.until('200 OK');
  const closed = gateway.close();
  await idle.untilClosed();
  await expect(gateway.get('/healthz')).rejects.toThrow('fetch failed');
  expect(gateway.kafka.isClosed).toBe(false);
  gateway.kafka.release();
  expect((await asked).status).toBe(200);
  await closed;
  expect(gateway.kafka.isClosed).toBe(true);
  expect(gateway.kafka.messages).toHaveLength(2);
});

test('its documentation and the page are told what it serves, and what it does not serve is not there', async () => {
  const optional = ['/v1/reports/figures', '/v1/touches'];
  for (const isWhole of [false, true]) {
    await gateway?.close();
    await open(
      isWhole ? { reports: askedReports(), touches: { newest: () => ({ touches: [], found: 0 }) } } : {},
    );
    const served = GATEWAY_ROUTES.filter(({ url }) => !optional.includes(url) || isWhole);
    const documented = served.filter(({ operation }) => operation !== null).map(({ url }) => url);
    const { paths } = (await (await gateway.get('/openapi.json')).json()) as { paths: object };
    expect(Object.keys(paths).toSorted()).toEqual([...new Set(documented)].toSorted());
    const access = accessReport.parse(await (await gateway.get('/v1/access')).json());
    expect(access.engine).toBe('cluster');
    expect(access.offers).toEqual(served.map(({ method, url }) => `${method} ${url}`));
    for (const url of optional)
      expect((await gateway.get(`${url}${url.endsWith('touches') ? '?userId=u' : ''}`)).status).toBe(
        isWhole ? 200 : 404,
      );
  }
  await expectProblem(await gateway.get('/v1/quarantine'), 'not_found');
  await expectProblem(await gateway.get('/v1/events'), 'method_not_allowed');
});

test('the live page is told what the gateway takes in, and the verdicts of its region', async () => {
  let verdicts: VerdictCounts | null = null;
  await open({ verdicts: () => verdicts });
  const live = new EventSource(await gateway.get('/v1/live'));
  const first = gatewayFrame.parse((await live.next())!.data);
  expect(first).toMatchObject({ region: 'a', isReady: true, eventsPerSecond: 0, verdicts: null });
  await gateway.post('/v1/events', JSON.stringify([...events(8), { eventId: 'broken' }]));
  verdicts = { ...noVerdicts(), counted: 8, invalid: 1 };
  const next = gatewayFrame.parse((await live.next())!.data);
  expect(next).toMatchObject({ events: { received: 9, invalid: 1 }, verdicts });
  // Nine in the half second between two frames.
  expect(next.eventsPerSecond).toBeGreaterThan(4);
  expect(next.eventsPerSecond).toBeLessThan(19);
});
