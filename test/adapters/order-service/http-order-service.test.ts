import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  detailsOf,
  startOrderService,
  type OrderServiceOptions,
  type RunningOrderService,
} from '../../../examples/order-service/order-service.ts';
import { HttpOrderService } from '../../../src/adapters/order-service/http-order-service.ts';
import type { OrderServiceAnswer } from '../../../src/enrichment/ports.ts';

const closers: (() => Promise<void>)[] = [];
const NEVER = new AbortController().signal;

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function running(options: OrderServiceOptions = {}): Promise<RunningOrderService> {
  const service = await startOrderService(options);
  closers.push(() => service.close());
  return service;
}

/** A server that answers as the test says. */
async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(url: string, more: { token?: string; timeoutMs?: number; responseBytes?: number } = {}) {
  return new HttpOrderService({ url, timeoutMs: 5000, responseBytes: 64 * 1024, ...more });
}

const ask = (
  url: string,
  more: Parameters<typeof client>[1] = {},
  orderId = 'order-1',
): Promise<OrderServiceAnswer> => client(url, more).fetchOrder(orderId, NEVER);

describe('an order service that does what it should', () => {
  it('is asked for the details', async () => {
    const { url } = await running();
    expect(await ask(url)).toEqual({ ok: true, enrichment: detailsOf('order-1') });
    expect(await ask(`${url}/`)).toEqual({ ok: true, enrichment: detailsOf('order-1') });
  });

  it('is asked for every id as it is, and only below its base', async () => {
    const paths: string[] = [];
    const url = await listening((request, response) => {
      paths.push(request.url!);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const ids = ['a/b', '../../admin', 'a?b=c#d', '%2e%2e', '//evil.example/x', '@evil.example', 'é☃', ' '];
    for (const id of ids) expect(await ask(`${url}/base/`, {}, id)).toMatchObject({ ok: true });
    expect(paths).toEqual(ids.map((id) => `/base/orders/${encodeURIComponent(id)}`));
    for (const id of ['', '.', '..', '\ud800'])
      expect(await ask(`${url}/base`, {}, id)).toMatchObject({ reason: 'not_found', retryable: false });
    expect(paths).toHaveLength(ids.length);
  });

  it('keeps its connection from one question to the next, whatever it answers', async () => {
    const connections = new Set<unknown>();
    let questions = 0;
    const url = await listening(({ socket }, response) => {
      connections.add(socket);
      const status = [200, 404, 503][++questions % 3];
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    const service = client(url);
    for (let asked = 0; asked < 30; asked++) await service.fetchOrder('order-1', NEVER);
    // A question may go out before the connection of the one before it is seen to be free.
    expect(connections.size).toBeLessThanOrEqual(2);
  });

  it('gets the token it wants', async () => {
    const { url } = await running({ token: 'secret' });
    expect(await ask(url, { token: 'secret' })).toMatchObject({ ok: true });
    expect(await ask(url)).toMatchObject({ reason: 'bad_status', retryable: false });
  });

  it('may compress its answers', async () => {
    const url = await listening((_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"city":"Lyon"}')),
    );
    expect(await ask(url)).toEqual({ ok: true, enrichment: { city: 'Lyon' } });
  });
});

describe('an order service that fails', () => {
  it.each([
    [404, 'not_found', true],
    [410, 'not_found', true],
    [400, 'bad_status', false],
    [403, 'bad_status', false],
    [429, 'bad_status', true],
    [500, 'bad_status', true],
    [503, 'bad_status', true],
    [204, 'bad_status', false],
    [301, 'redirect', false],
    [304, 'redirect', false],
  ])('%i is %s', async (status, reason, retryable) => {
    const url = await listening((_, response) => response.writeHead(status).end());
    expect(await ask(url)).toEqual({
      ok: false,
      reason,
      retryable,
      detail: expect.stringContaining(`${status}`),
    });
  });

  it('not listening at all is unreachable', async () => {
    const service = await startOrderService();
    await service.close();
    const answer = await ask(service.url);
    expect(answer).toMatchObject({ reason: 'unreachable', retryable: true });
    expect(answer).toHaveProperty('detail', 'No answer: ECONNREFUSED.');
  });

  it.each([['text/html'], ['text/plain; charset=application/json'], ['application/jsonp'], [undefined]])(
    'content type %s is no JSON',
    async (type) => {
      const url = await listening((_, response) =>
        response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end('{}'),
      );
      expect(await ask(url)).toMatchObject({ ok: false, reason: 'bad_shape' });
    },
  );

  it.each([['application/json'], ['application/json; charset=utf-8'], ['application/hal+json']])(
    'content type %s is JSON',
    async (type) => {
      const url = await listening((_, response) =>
        response.writeHead(200, { 'content-type': type }).end('{}'),
      );
      expect(await ask(url)).toMatchObject({ ok: true });
    },
  );
});

describe('a hostile order service', () => {
  it('cannot send the question elsewhere', async () => {
    const elsewhere = await running();
    const { url, seen } = await running({ hostile: 'redirect', redirectTo: `${elsewhere.url}/orders/1` });
    expect(await ask(url, { token: 'secret' })).toMatchObject({ reason: 'redirect', retryable: false });
    expect(elsewhere.seen.connections).toBe(0);
    expect(seen.questions).toBe(1);
  });

  it('cannot fill the memory', async () => {
    const { url } = await running({ hostile: 'huge' });
    expect(await ask(url)).toMatchObject({ reason: 'too_large', retryable: false });
  });

  it('is not waited for when it announces too much, and the connection is given up', async () => {
    const hungUp: Promise<unknown>[] = [];
    const url = await listening(({ socket }, response) => {
      hungUp.push(once(socket, 'close'));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1e9 }).write('{"a":');
    });
    expect(await ask(url, { timeoutMs: 600_000 })).toMatchObject({ reason: 'too_large' });
    await Promise.all(hungUp);
    expect(hungUp).toHaveLength(1);
  });

  it('cannot fill the memory with what it has compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(32 << 20, ' '));
    const url = await listening((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(bomb.length).toBeLessThan(64 * 1024);
    expect(await ask(url)).toMatchObject({ reason: 'too_large' });
  });

  it('is read up to the limit and not a byte further', async () => {
    const body = '{"a":"12345678"}';
    const url = await listening((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write(body.slice(0, 5));
      response.end(body.slice(5));
    });
    expect(await ask(url, { responseBytes: body.length })).toMatchObject({ ok: true });
    expect(await ask(url, { responseBytes: body.length - 1 })).toMatchObject({ reason: 'too_large' });
  });

  it('cannot answer with half of something', async () => {
    expect(await ask((await running({ hostile: 'badjson' })).url)).toMatchObject({ reason: 'bad_json' });
    expect(await ask((await running({ hostile: 'close' })).url)).toMatchObject({
      reason: 'unreachable',
      retryable: true,
    });
  });

  it('cannot hold anybody up', async () => {
    const { url } = await running({ hostile: 'slow' });
    expect(await ask(url, { timeoutMs: 60 })).toMatchObject({ reason: 'timeout', retryable: true });
    const silent = await listening(() => {});
    expect(await ask(silent, { timeoutMs: 60 })).toMatchObject({ reason: 'timeout', retryable: true });
  });

  it('cannot hold up whoever stops', async () => {
    const { url } = await running({ hostile: 'slow' });
    const stop = new AbortController();
    const answer = client(url, { timeoutMs: 60_000 }).fetchOrder('order-1', stop.signal);
    setTimeout(() => stop.abort(), 20);
    expect(await answer).toMatchObject({ ok: false, reason: 'unreachable' });
  });
});
