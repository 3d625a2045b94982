import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawClient } from '../raw-client.ts';
import { type TestServer, openTestServer, withMembers } from '../server-fixture.ts';

const fail = (): never => {
  throw new Error('broken on purpose');
};

describe('a request’s id', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ wrap: (region) => withMembers(region, { latestOrders: fail }) });
  });
  afterAll(() => server.close());

  const idOf = async (path: string, given: string): Promise<string | null> => {
    const response = await server.get(path, { headers: { 'x-request-id': given } });
    const text = await response.text();
    const id = response.headers.get('x-request-id');
    if (response.status >= 400) expect(JSON.parse(text)).toMatchObject({ requestId: id });
    return id;
  };

  test.for(['a', 'k3x9-1f', '0192f0c1-5a6b-7c3d-8e9f-a0b1c2d3e4f5', 'trace:1.2_3', 'x'.repeat(128)])(
    'is the caller’s "%s", in answers and problems',
    async (given) => {
      for (const path of ['/v1/audit', '/healthz', '/nowhere', '/v1/audit?x=1', '/docs/', '/%']) {
        expect({ path, id: await idOf(path, given) }).toEqual({ path, id: given });
      }
    },
  );

  test.for(['', ' ', '-a', 'a b', 'a,b', 'a"b', '<script>', 'x'.repeat(129), 'é', '{"a":1}', 'a;b', '../x'])(
    'is not "%s": the region makes one',
    async (given) => {
      expect(await idOf('/v1/audit', given)).toMatch(/^[0-9a-f]{8}-[0-9a-z]+$/);
    },
  );

  test('given twice, or with a header in it, is none', async () => {
    const { port } = server;
    const ask = (...lines: string[]): Promise<string> => askRaw(port, lines);
    expect(await ask('X-Request-Id: one', 'X-Request-Id: two')).toMatch(/x-request-id: [0-9a-f]{8}-/);
    const injected = await ask('X-Request-Id: a\rSet-Cookie: b=c');
    expect(injected).toMatch(/^HTTP\/1.1 400 /);
    expect(injected).not.toMatch(/set-cookie:/i);
    expect(await ask('X-Request-Id: a%0d%0aSet-Cookie: b')).not.toMatch(/^set-cookie/im);
  });

  test('stands in the log beside what went wrong', async () => {
    expect(await idOf('/v1/orders', 'find-me')).toBe('find-me');
    expect(server.logged.splice(0)).toMatchObject([{ requestId: 'find-me' }]);
  });
});

async function askRaw(port: number, lines: readonly string[]): Promise<string> {
  const client = await RawClient.open(port);
  client.write(['GET /healthz HTTP/1.1', 'Host: localhost', ...lines, 'Connection: close']);
  return client.untilClosed();
}
