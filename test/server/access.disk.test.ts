import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLoopback } from '../../src/server/access.ts';
import { type KeyStore, SECRET_BYTES, formatKey, keyStoreOf, parseKey } from '../../src/server/keys.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { RawClient } from './raw-client.ts';
import { type TestServer, event, expectProblem, openTestServer } from './server-fixture.ts';
import { basic, bearer, makeKey } from './test-keys.ts';

const publisher = makeKey('pub1', 'publisher');
const FOREIGN_PAGES: readonly Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1:1' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1' },
];
const operator = makeKey('ops1', 'operator');
const advertiser = makeKey('adv1', 'advertiser', 'adv-1');

describe('keys', () => {
  const store = keyStoreOf([publisher.record, operator.record]);

  test('a key is known by its secret, and its record does not hold it', () => {
    expect(store.verify(publisher.text)).toEqual({ id: 'pub1', name: 'pub1', role: 'publisher' });
    expect(JSON.stringify(publisher.record)).not.toContain(parseKey(publisher.text)!.secret);
  });

  test.for([
    '',
    'pub1',
    publisher.text.slice(0, -1),
    `${publisher.text}A`,
    publisher.text.replace('pub1', 'ops1'),
    publisher.text.replace('pub1', 'nobody'),
    formatKey('pub1', randomBytes(SECRET_BYTES)),
    publisher.text.toUpperCase(),
  ])('%s is none', (text) => {
    expect(store.verify(text)).toBeUndefined();
  });

  test('only addresses of this machine are loopback', () => {
    expect(['127.0.0.1', '127.8.0.1', '::1', 'localhost'].filter((host) => !isLoopback(host))).toEqual([]);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.com', 'localhost.evil.com'].filter(isLoopback)).toEqual(
      [],
    );
  });
});

describe('a region with keys', () => {
  let server: TestServer;
  beforeAll(async () => {
    const reports = {
      figures: () => Promise.resolve('{}'),
      sql: (query: string) => Promise.resolve(JSON.stringify({ query })),
      records: () => Promise.resolve('{}'),
      status: () => Promise.resolve({ state: 'running', error: null, restarts: 0, feeds: [] } as const),
    };
    server = await openTestServer({
      keys: keyStoreOf([publisher.record, operator.record, advertiser.record]),
      reports,
    });
  });
  afterAll(() => server.close());

  const post = (headers: Record<string, string>): Promise<Response> =>
    server.post('/v1/events', JSON.stringify(event()), { 'content-type': 'application/json', ...headers });

  test('takes events with any valid key, and none without', async () => {
    expect((await post(bearer(publisher.text))).status).toBe(200);
    expect((await post(bearer(operator.text))).status).toBe(200);
    const refused = await post({});
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect(await expectProblem(refused, 'unauthorized')).toBe('There is no key in the Authorization header.');
    const wrong = await post(bearer(formatKey('pub1', randomBytes(SECRET_BYTES))));
    expect(await expectProblem(wrong, 'unauthorized')).toMatch(/^The key is not valid/);
    await expectProblem(await post({ authorization: publisher.text }), 'unauthorized');
    expect(server.region.status().received).toBe(2);
  });

  test.for(ROUTES.filter(({ method, url }) => method === 'GET' && !url.includes(':') && !url.includes('*')))(
    'shows $url to those who may see it',
    async ({ url, access }) => {
      const statusWith = async (headers: Record<string, string>): Promise<number> => {
        const query = url === '/v1/touches' ? '?userId=somebody' : '';
        const response = await server.get(`${url}${query}`, { headers });
        await response.body?.cancel();
        return response.status;
      };
      const anyone = access === 'anyone';
      expect(await statusWith({})).toBe(anyone ? 200 : 401);
      expect(await statusWith(bearer(publisher.text))).toBe(anyone ? 200 : 403);
      const advertisers = ['advertiser', 'advertiser-or-peer', 'page', 'anyone'];
      expect(await statusWith(bearer(advertiser.text))).toBe(advertisers.includes(access) ? 200 : 403);
      expect(await statusWith(bearer(operator.text))).toBe(200);
    },
  );

  test('takes SQL from operators alone', async () => {
    const body = '{"sql":"SELECT 1"}';
    const type = { 'content-type': 'application/json' };
    await expectProblem(await server.post('/v1/sql', body, type), 'unauthorized');
    const publishers = await server.post('/v1/sql', body, { ...type, ...bearer(publisher.text) });
    await expectProblem(publishers, 'forbidden');
    const operators = await server.post('/v1/sql', body, { ...type, ...bearer(operator.text) });
    expect(await operators.json()).toEqual({ query: 'SELECT 1' });
  });

  test('a browser sends the key as a password', async () => {
    expect((await server.get('/v1/audit', { headers: basic(operator.text) })).status).toBe(200);
    await expectProblem(await server.get('/v1/audit', { headers: basic('secret') }), 'unauthorized');
    await expectProblem(await server.get('/docs/', { headers: {} }), 'unauthorized');
    expect((await server.get('/docs/', { headers: basic(operator.text) })).status).toBe(200);
  });
});

describe('a region without keys', () => {
  test('does not listen where others reach it', async () => {
    const start = openTestServer({ config: { server: { host: '0.0.0.0' } } });
    await expect(start).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(start).rejects.toThrow(/server.host is "0.0.0.0".*adtally keys create/);
  });

  test('that listens elsewhere and loses its last key is closed to all', async () => {
    const keys = { ...keyStoreOf([operator.record]) } satisfies KeyStore;
    const server = await openTestServer({ keys, config: { server: { host: '0.0.0.0' } } });
    Object.assign(keys, keyStoreOf([]));
    for (const headers of [{}, bearer(operator.text)]) {
      expect((await server.get('/v1/audit', { headers })).status).toBe(401);
    }
    await server.close();
  });

  test('answers only to names of this machine, whatever a foreign name points to', async () => {
    const server = await openTestServer();
    const ask = async (host: string): Promise<string> => {
      const client = await RawClient.open(server.port);
      client.write(['GET /v1/audit HTTP/1.1', `Host: ${host}`, 'Connection: close']);
      return client.untilClosed();
    };
    for (const host of ['localhost', `127.0.0.1:${server.port}`, '[::1]:7070', 'LocalHost:1']) {
      expect(await ask(host)).toMatch(/^HTTP\/1.1 200 /);
    }
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:7070', '127.0.0.1.nip.io']) {
      expect(await ask(host)).toMatch(/^HTTP\/1.1 421 .*"code":"misdirected"/s);
    }
    await server.close();
  });

  test('does nothing for an operator whose browser shows the page of somebody else', async () => {
    for (const keys of [keyStoreOf([]), keyStoreOf([operator.record])]) {
      const server = await openTestServer({ keys });
      const here = `127.0.0.1:${server.port}`;
      const retry = (headers: Record<string, string>): Promise<Response> =>
        server.get('/v1/enrichment/retry', { method: 'POST', headers: { ...operator.headers, ...headers } });
      for (const headers of FOREIGN_PAGES) {
        expect(await expectProblem(await retry(headers), 'forbidden')).toMatch(
          /^A page of ".*" asks for this/,
        );
      }
      for (const headers of [{}, { origin: `http://${here}` }, { 'sec-fetch-site': 'same-origin' }]) {
        expect((await retry(headers)).status).toBe(200);
      }
      await server.close();
    }
  });

  test('lets no other origin read or write', async () => {
    const server = await openTestServer();
    const headers = { origin: 'https://evil.example' };
    const preflight = await server.get('/v1/events', {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'POST' },
    });
    await expectProblem(preflight, 'method_not_allowed');
    const answer = await server.get('/v1/audit', { headers });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    await server.close();
  });
});
