import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PeerSecret, readPeerSecret } from '../../../src/server/access/peer-secret.ts';
import { keyStoreOf } from '../../../src/server/keys.ts';
import { ROUTES } from '../../../src/server/routes.ts';
import { RawClient } from '../raw-client.ts';
import { type TestServer, expectProblem, openTestServer } from '../server-fixture.ts';
import { basic, bearer, makeKey } from '../test-keys.ts';

const SECRET = 'a-secret-of-two-regions-0123456789';
const operator = makeKey('ops1', 'operator');
const PEER_ROUTES = [
  '/v1/audit/digest',
  '/v1/audit/records',
  '/v1/changes/ad-minutes',
  '/v1/changes/attributed-orders',
  '/v1/changes/campaigns',
  '/v1/campaigns',
  '/v1/peer/page',
];

describe('the file of the secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-secret-'));
  const file = join(folder, 'secret');
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (text: string, mode = 0o600): string => {
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };

  test('holds one line', () => {
    for (const end of ['', '\n', '\r\n']) expect(readPeerSecret(write(SECRET + end))).toBe(SECRET);
    expect(readPeerSecret(write('x'.repeat(32), 0o640))).toHaveLength(32);
  });

  test.for([
    ['short', 'x'.repeat(31), 0o600, 'holds 31 characters; a secret has 32 to 1024'],
    ['empty', '', 0o600, 'holds 0 characters'],
    ['huge', 'x'.repeat(1025), 0o600, 'holds 1025 characters'],
    ['readable for all', SECRET, 0o644, 'chmod 600'],
    ['writable for all', SECRET, 0o602, 'chmod 600'],
    ['of two lines', `${SECRET}\n${SECRET}\n`, 0o600, 'one line'],
    ['not ASCII', `${SECRET}é`, 0o600, 'one line'],
  ] as const)('is refused when it is %s', ([, text, mode, why]) => {
    const refused = (): string => readPeerSecret(write(text, mode));
    expect(refused).toThrow(expect.objectContaining({ code: 'config_invalid' }) as Error);
    expect(refused).toThrow(why);
    expect(refused).not.toThrow(SECRET);
  });

  test('is refused when it is not there', () => {
    expect(() => readPeerSecret(join(folder, 'none'))).toThrow(
      /replication.secretFile is .*none, which cannot be read/,
    );
  });
});

test('a secret is compared as a whole, whatever the length', () => {
  const secret = new PeerSecret(SECRET);
  expect(secret.matches(SECRET)).toBe(true);
  for (const wrong of ['', SECRET.slice(0, -1), `${SECRET}x`, SECRET.toUpperCase(), 'x'.repeat(100_000)]) {
    expect(secret.matches(wrong)).toBe(false);
  }
});

describe('the other region', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ keys: keyStoreOf([operator.record]), peerSecret: SECRET });
  });
  afterAll(() => server.close());
  const ask = (path: string, headers: Record<string, string>): Promise<Response> =>
    server.get(path, { headers });

  test('reads what regions read from each other, as an operator does', async () => {
    for (const path of PEER_ROUTES) {
      for (const headers of [bearer(SECRET), operator.headers])
        expect((await ask(path, headers)).status).toBe(200);
    }
  });

  const closed = ROUTES.filter(({ url, access }) => !PEER_ROUTES.includes(url) && access !== 'anyone');
  test.for(closed)('reads and does nothing else: $method $url', async ({ method, url }) => {
    const path = url.replaceAll(/:\w+/g, '1').replace('*', 'x');
    const response = await server.get(path, { method, headers: bearer(SECRET) });
    expect(await expectProblem(response, 'forbidden')).toMatch(
      /^This is the peer’s secret; this needs the role /,
    );
  });

  test.for([
    ['wrong', { authorization: `Bearer ${SECRET.slice(0, -1)}` }],
    ['a password', basic(SECRET)],
    ['without its scheme', { authorization: SECRET }],
    ['two of them', { authorization: `Bearer ${SECRET} ${SECRET}` }],
    ['a key of another region', makeKey('ops1', 'operator').headers],
    ['giant', { authorization: `Bearer ${'x'.repeat(15_000)}` }],
  ] as const)('is nobody when the secret is %s', async ([, headers]) => {
    for (const path of PEER_ROUTES) {
      expect(await expectProblem(await ask(path, headers), 'unauthorized')).toMatch(/^The key is not valid/);
    }
  });

  test('and nobody is let in by several headers, or one larger than all headers may be', async () => {
    const { port } = server;
    const raw = (...lines: string[]): Promise<string> => askRaw(port, lines);
    const [right, wrong] = [`Authorization: Bearer ${SECRET}`, 'Authorization: Bearer wrong'];
    expect(await raw(right)).toMatch(/^HTTP\/1.1 200 /);
    for (const lines of [
      [right, wrong],
      [wrong, right],
      [right, right],
      [right, 'aUTHORIZATION: Basic eDp5'],
    ]) {
      expect(await raw(...lines)).toMatch(/^HTTP\/1.1 401 .*There is more than one key/s);
    }
    expect(await raw(`Authorization: Bearer ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1.1 413 /);
  });

  test('is not known where no secret is set, nor let in by an empty one', async () => {
    const alone = await openTestServer({ keys: keyStoreOf([operator.record]) });
    for (const headers of [bearer(SECRET), { authorization: 'Bearer ' }]) {
      const response = await alone.get('/v1/campaigns', { headers });
      expect(await expectProblem(response, 'unauthorized')).toMatch(/^The key is not valid/);
    }
    await alone.close();
  });
});

async function askRaw(port: number, lines: readonly string[]): Promise<string> {
  const client = await RawClient.open(port);
  client.write(['GET /v1/campaigns HTTP/1.1', 'Host: x', ...lines, 'Connection: close']);
  return client.untilClosed();
}

test('a region with keys and a peer does not start without a secret', async () => {
  const config = { regions: ['a', 'b'], peer: ['b=http://127.0.0.1:9'], retention: { records: '3d' } };
  const start = openTestServer({ keys: keyStoreOf([operator.record]), config });
  await expect(start).rejects.toMatchObject({ code: 'config_invalid' });
  await expect(start).rejects.toThrow(/replication.secretFile is not set/);
  for (const more of [{ keys: keyStoreOf([operator.record]), peerSecret: SECRET }, {}]) {
    await (await openTestServer({ ...more, config })).close();
  }
});
