import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AdtallyClient as Client } from '../../src/client/adtally-client.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import { SECRET_BYTES, formatKey, hashSecret, keyStoreOf, parseKey } from '../../src/server/keys.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { type TestServer, event, expectProblem, openTestServer } from './server-fixture.ts';

const SHOP = 'https://shop.example';
const KEY = formatKey('pub1', randomBytes(SECRET_BYTES));
const KEYS = keyStoreOf([
  { id: 'pub1', name: 'shop', role: 'publisher', secretHash: hashSecret(parseKey(KEY)!.secret) },
]);

const granted = (response: Response): Record<string, string> =>
  Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control')));

describe('pages of other origins', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({
      keys: KEYS,
      config: { server: { origins: [SHOP, 'http://localhost:3000'] } },
    });
  });
  afterAll(() => server.close());

  const preflight = (path: string, origin: string, method = 'POST'): Promise<Response> =>
    server.get(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method },
    });

  test.for(['/v1/events', '/v1/orders'])('that are named may ask to send to %s', async (path) => {
    for (const origin of [SHOP, 'http://localhost:3000']) {
      const answer = await preflight(path, origin);
      expect(answer.status).toBe(204);
      expect(granted(answer)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'Authorization, Content-Type, Content-Encoding',
        'access-control-expose-headers': 'Retry-After, X-Request-Id',
        'access-control-max-age': '7200',
      });
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  test.for([
    'https://evil.example',
    'http://shop.example',
    'https://shop.example.evil.example',
    'https://shop.example:444',
    'https://SHOP.example',
    'null',
    '*',
  ])('at %s may not', async (origin) => {
    const answer = await preflight('/v1/events', origin);
    expect(granted(answer)).toEqual({});
    expect(answer.headers.get('vary')).toBe('Origin');
    await expectProblem(answer, 'method_not_allowed');
  });

  test('may read what became of their events, and why not', async () => {
    const headers = { origin: SHOP, 'content-type': 'application/json' };
    const body = JSON.stringify(event());
    const sent = await server.post('/v1/events', body, { ...headers, authorization: `Bearer ${KEY}` });
    expect(sent.status).toBe(200);
    expect(granted(sent)).toMatchObject({ 'access-control-allow-origin': SHOP });
    expect(sent.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const refused = await server.post('/v1/events', body, headers);
    expect(granted(refused)).toMatchObject({ 'access-control-allow-origin': SHOP });
    await expectProblem(refused, 'unauthorized');
    const large = await server.post('/v1/events', 'x'.repeat(9 * 1024 * 1024), {
      ...headers,
      authorization: `Bearer ${KEY}`,
    });
    expect(granted(large)).toMatchObject({ 'access-control-allow-origin': SHOP });
    await expectProblem(large, 'too_large');
  });

  test('no credentials of the browser go with their requests', async () => {
    const answer = await preflight('/v1/events', SHOP);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.for(
    ROUTES.filter(({ access, url }) => access !== 'publisher' && !url.includes(':') && url !== '/readyz'),
  )('get nothing of $method $url', async ({ method, url }) => {
    const path = url.replace('*', 'x');
    const answer = await server.get(path, { method, headers: { origin: SHOP } });
    await answer.body?.cancel();
    // The library is public, for every origin.
    const given = url === '/client.js' ? { 'access-control-allow-origin': '*' } : {};
    expect(granted(answer)).toEqual(given);
    expect(granted(await preflight(path, SHOP, method))).toEqual({});
  });
});

test('an origin is named in full, never by a pattern', () => {
  for (const origin of ['*', 'shop.example', 'https://*.example', 'https://shop.example/', 'null']) {
    const make = (): unknown =>
      resolveSpec({ server: { origins: [origin] } }, { environment: {}, flags: {} });
    expect(make).toThrow(/server.origins/);
  }
});

describe('the client library', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ keys: KEYS });
  });
  afterAll(() => server.close());

  test('is one module, for everybody, and may be kept', async () => {
    const answer = await server.get('/client.js', { headers: { origin: 'https://any.example' } });
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const text = await answer.text();
    expect(text).not.toMatch(/^import /m);
    expect(text.match(/^export .*/gm)).toEqual(['export { AdtallyClient };']);
    const etag = answer.headers.get('etag')!;
    const again = await server.get('/client.js', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  test('runs as it is served, also where no adtally is installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'adtally-client-'));
    try {
      const file = join(folder, 'adtally-client.mjs');
      writeFileSync(file, await (await server.get('/client.js')).text());
      const { AdtallyClient } = (await import(pathToFileURL(file).href)) as {
        AdtallyClient: typeof Client;
      };
      const client = new AdtallyClient({ regions: [server.url], key: KEY });
      const sent = client.track(event() as unknown as Parameters<typeof client.track>[0]);
      await client.close();
      expect(await sent).toMatchObject({ status: 'answered', verdict: 'counted', region: server.url });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
