import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { RawClient } from './raw-client.ts';
import { type TestServer, event, events, openTestServer, withMembers } from './server-fixture.ts';

const POST = ['POST /v1/events HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];

let server: TestServer;
let client: RawClient;
let pendingBytes = 0;

const wrap = (region: Region): Region => withMembers(region, { pendingBytes: () => pendingBytes });

function useServer(requestTimeout: string): void {
  const limits = { pendingBytes: '2MiB', bytesPerRequest: '1MiB' };
  beforeEach(async () => {
    pendingBytes = 0;
    server = await openTestServer({ wrap, config: { server: { requestTimeout, connections: 20 }, limits } });
    client = await RawClient.open(server.port);
  });
  afterEach(async () => {
    client.destroy();
    await server.close();
  });
}

const receivingBytes = async (): Promise<number> => {
  const text = await (await server.get('/metrics')).text();
  return Number(/^adtally_receiving_bytes (\d+)$/m.exec(text)![1]);
};
const received = (): number => server.region.status().received;

describe('clients that are slow', () => {
  useServer('300ms');

  test('a request whose headers never end is answered 408', async () => {
    client.socket.write('POST /v1/events HTTP/1.1\r\nHost: loc');
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
  });

  test('an upload that stalls is answered 408, gives its memory back and counts nothing', async () => {
    client.write([...POST, 'Content-Length: 1000000'], JSON.stringify(events(100)));
    await expect.poll(receivingBytes).toBeGreaterThan(10_000);
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
    await expect.poll(receivingBytes).toBe(0);
    expect(received()).toBe(0);
  });

  test('a client that sends a byte now and then has no more time than others', async () => {
    client.write([...POST, 'Content-Length: 1000']);
    const drip = setInterval(() => client.socket.write(' '), 20);
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
  });
});

describe('clients that are wrong or too many', () => {
  useServer('30s');

  test('a body shorter than its length counts nothing, whoever closes', async () => {
    client.write([...POST, 'Content-Length: 1000'], JSON.stringify(event()));
    client.socket.end();
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 400 .*"code":"bad_request"/s);
    const other = await RawClient.open(server.port);
    other.write([...POST, 'Content-Length: 1000'], JSON.stringify(event()));
    await expect.poll(receivingBytes).toBeGreaterThan(0);
    other.destroy();
    await expect.poll(receivingBytes).toBe(0);
    expect(received()).toBe(0);
  });

  test('of a body longer than its length, the rest is no request', async () => {
    const body = JSON.stringify(event());
    client.write([...POST, `Content-Length: ${body.length}`], `${body}{"eventId":"left over"}`);
    expect(await client.untilClosed()).toContain('HTTP/1.1 400 ');
    expect(received()).toBeLessThanOrEqual(1);
  });

  test.for([
    [['Content-Length: 2', 'Transfer-Encoding: chunked'], '2\r\n[]\r\n0\r\n\r\n'],
    [['Content-Length: 2', 'Content-Length: 3'], '[] '],
    [['Content-Length: -1'], ''],
    [['Content-Length: 2x'], '[]'],
    [['Transfer-Encoding: chunked'], 'two\r\n[]\r\n'],
    [['Transfer-Encoding: gzip'], '[]'],
  ] as const)('a body that is framed by %o is refused', async ([headers, body]) => {
    client.write([...POST, ...headers], body);
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 400 .*"code":"bad_request"/s);
    expect(received()).toBe(0);
  });

  test('bytes that are not HTTP, and headers without end, get a problem too', async () => {
    client.socket.write('\x16\x03\x01 what a TLS client says first\r\n\r\n');
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 400 .*application\/problem\+json/s);
    const other = await RawClient.open(server.port);
    other.write(['GET / HTTP/1.1', 'Host: localhost', `X-Long: ${'x'.repeat(20_000)}`]);
    expect(await other.untilClosed()).toMatch(/^HTTP\/1.1 413 .*16 KiB/s);
  });

  test('a chunked body is taken in, and refused as soon as it passes the limit', async () => {
    const body = JSON.stringify(event());
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    client.write([...POST, 'Transfer-Encoding: chunked'], chunked);
    await client.until('"counted":1');
    client.clear();
    client.write([...POST, 'Transfer-Encoding: chunked']);
    // More than the kernel holds for the server: it has to be read, though not kept.
    const sent = new Promise<unknown>((resolve) => {
      const size = 14 * MIB;
      client.socket.write(`${size.toString(16)}\r\n${' '.repeat(size)}\r\n0\r\n\r\n`, resolve);
    });
    const answer = await client.until(/"requestId":"[^"]+"}/);
    expect(answer).toMatch(/^HTTP\/1.1 413 .*connection: close.*"code":"too_large"/is);
    expect(await sent).toBeNull();
    await client.untilClosed();
    expect(await receivingBytes()).toBe(0);
  });

  test('a refusal before the body arrives whole, though the client is still sending', async () => {
    client.write([...POST, `Content-Length: ${6 * MIB}`], ' '.repeat(64 * KIB));
    const answer = await client.until(/"requestId":"[^"]+"}/);
    expect(answer).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
    expect(client.ended).toBe(false);
    client.socket.write(' '.repeat(6 * MIB - 64 * KIB));
    await client.untilClosed();
    expect(client.failure).toBeUndefined();
  });

  test('a refusal of a small request leaves the connection open', async () => {
    const body = JSON.stringify(event());
    const head = ['POST /v1/events HTTP/1.1', 'Host: localhost', `Content-Length: ${body.length}`];
    client.write([...head, 'Content-Type: text/plain'], body);
    await client.until(/^HTTP\/1.1 415 [^]*}/);
    client.clear();
    client.write([...head, 'Content-Type: application/json'], body);
    expect(await client.until('"counted":1')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('a client that asks first is told to go on, or why not', async () => {
    const body = JSON.stringify(event());
    client.write([...POST, `Content-Length: ${body.length}`, 'Expect: 100-continue']);
    await client.until('HTTP/1.1 100 Continue');
    client.socket.write(body);
    await client.until('"counted":1');
    client.clear();
    client.write([...POST, `Content-Length: ${6 * MIB}`, 'Expect: 100-continue']);
    expect(await client.until(/"requestId":"[^"]+"}/)).toMatch(/^HTTP\/1.1 413 /);
  });

  test('over the budget of pending bytes a request is refused before it is read', async () => {
    pendingBytes = 2 * MIB - 100;
    const body = JSON.stringify(event());
    client.write([...POST, `Content-Length: ${body.length}`]);
    const answer = await client.until(/"requestId":"[^"]+"}/);
    expect(answer).toMatch(/^HTTP\/1.1 429 .*retry-after: 1\r\n.*"code":"overloaded"/is);
    expect(answer).toContain('limits.pendingBytes is 2097152');
    client.socket.write(body);
    pendingBytes = 0;
    client.clear();
    client.write([...POST, `Content-Length: ${body.length}`], body);
    await client.until('"counted":1');
  });

  test('bodies under way count as they come, whatever they announce', async () => {
    const uploads = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(server.port)));
    for (const upload of uploads) upload.write([...POST, 'Content-Length: 1000000']);
    // What is only announced holds nobody up.
    const body = JSON.stringify(event());
    client.write([...POST, `Content-Length: ${body.length}`], body);
    await client.until('"counted":1');
    for (const upload of uploads) upload.socket.write(' '.repeat(900 * KIB));
    await Promise.race(uploads.map((upload) => upload.until(/HTTP\/1.1 429 /)));
    expect(await receivingBytes()).toBeLessThanOrEqual(2 * MIB + 64 * KIB);
    for (const upload of uploads) upload.destroy();
    await expect.poll(receivingBytes).toBe(0);
  });

  test('decompressed bytes count too', async () => {
    pendingBytes = 1.5 * MIB;
    const body = gzipSync(' '.repeat(MIB));
    client.write([...POST, 'Content-Encoding: gzip', `Content-Length: ${body.length}`], body);
    await client.until(/HTTP\/1.1 429 /);
    expect(await receivingBytes()).toBe(0);
  });

  test('connections over the limit are closed, and room that is given back is used', async () => {
    const others = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(server.port)));
    const dropped = (): number => others.filter((other) => other.ended && other.text === '').length;
    await expect.poll(dropped).toBeGreaterThanOrEqual(10);
    for (const other of others) other.destroy();
    await expect.poll(async () => (await server.get('/healthz').catch(() => undefined))?.status).toBe(200);
  });

  test('a client that reads nothing of its answers holds up nobody else', async () => {
    client.socket.pause();
    for (let i = 0; i < 50; i++) client.write(['GET /openapi.json HTTP/1.1', 'Host: localhost']);
    expect((await server.get('/healthz')).status).toBe(200);
    client.socket.resume();
    await once(client.socket, 'data');
  });
});
