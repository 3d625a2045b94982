import { describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import { AdtallyError } from '../../src/base/errors.ts';
import { liveFrame } from '../../src/server/openapi/schemas.ts';
import { EventSource } from './event-source.ts';
import { RawClient } from './raw-client.ts';
import { event, events, expectProblem, openTestServer, withMembers } from './server-fixture.ts';

/** Waits at most this long for anything. */
const hasty: Clock = {
  ...nodeClock,
  after: (delayMs, action) => nodeClock.after(Math.min(delayMs, 30), action),
};

/** Never loses patience: what ends, ends by itself. */
const patient: Clock = {
  ...nodeClock,
  after: (delayMs, action) => (delayMs < 1000 ? nodeClock.after(delayMs, action) : () => {}),
};

const POST = ['POST /v1/events HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];

describe('the live page’s stream', () => {
  test('tells the rate, the freshness and the top ads, to several viewers', async () => {
    const server = await openTestServer();
    const batch = [...events(20), event({ adId: 'ad-2', eventType: 'click' }), { eventId: 'broken' }];
    await server.post('/v1/events', JSON.stringify(batch));
    const order = { orderId: 'o-1', orderTime: Date.now(), userId: 'u', merchantId: 'm', amountMicros: 5 };
    await server.post('/v1/orders', JSON.stringify([order, order]));
    const viewers = await Promise.all([1, 2].map(async () => new EventSource(await server.get('/v1/live'))));
    for (const viewer of viewers) {
      const { event: name, data } = (await viewer.next())!;
      expect(name).toBe('live');
      const frame = liveFrame.parse(data);
      expect(frame).toMatchObject({
        region: 'a',
        received: 22,
        quarantined: 1,
        records: 2,
        eventsPerSecond: 11,
        orders: { received: 2, held: 1, pending: 0 },
      });
      expect(frame.freshness.p99Ms).toBeGreaterThanOrEqual(frame.freshness.p50Ms!);
    }
    const topAds = async (): Promise<unknown> => liveFrame.parse((await viewers[1].next())!.data).topAds;
    await expect.poll(topAds).toMatchObject([
      { adId: 'ad-1', impressions: 20, clicks: 0, costMicros: 30_000 },
      { adId: 'ad-2', impressions: 0, clicks: 1 },
    ]);
    await server.close();
    for (const viewer of viewers) while ((await viewer.next()) !== undefined);
  });
});

describe('the end', () => {
  test('answers what is in flight, ends streams and long polls, and takes no more', async () => {
    const gate = Promise.withResolvers<void>();
    let ingesting = 0;
    const server = await openTestServer({
      wrap: (region) =>
        withMembers(region, {
          async ingest(body, format) {
            ingesting++;
            await gate.promise;
            return region.ingest(body, format);
          },
        }),
    });
    const post = server.post('/v1/events', JSON.stringify(event()));
    const { cursor } = (await (await server.get('/v1/changes/ad-minutes')).json()) as { cursor: string };
    const poll = server.get(`/v1/changes/ad-minutes?after=${cursor}&waitMs=60000`);
    const stream = new EventSource(
      await server.get('/v1/changes/ad-minutes', { headers: { accept: 'text/event-stream' } }),
    );
    const live = new EventSource(await server.get('/v1/live'));
    const idle = await RawClient.open(server.port);
    await stream.next();
    await expect.poll(() => ingesting).toBe(1);
    const stopped = server.stopServer();
    expect(await stream.next()).toBeUndefined();
    while ((await live.next()) !== undefined);
    expect((await poll).status).toBe(200);
    await idle.untilClosed();
    await expect(server.get('/healthz')).rejects.toThrow('fetch failed');
    gate.resolve();
    expect((await post).status).toBe(200);
    await stopped;
    await server.stopServer();
    await server.close();
  });

  test('does not wait for ever for one that never ends, nor for one that never comes whole', async () => {
    let ingesting = 0;
    const server = await openTestServer({
      clock: hasty,
      wrap: (region) =>
        withMembers(region, {
          ingest() {
            ingesting++;
            return new Promise(() => {});
          },
        }),
    });
    const clients = await Promise.all([1, 2].map(() => RawClient.open(server.port)));
    for (const client of clients) client.write([...POST, 'Content-Length: 2']);
    clients[0].socket.write('[]');
    await expect.poll(() => ingesting).toBe(1);
    await server.stopServer();
    for (const client of clients) expect(await client.untilClosed()).toBe('');
    await server.close();
  });

  test('a connection that is kept alive is closed after its last answer', async () => {
    const gate = Promise.withResolvers<void>();
    let ingesting = 0;
    const server = await openTestServer({
      clock: patient,
      wrap: (region) =>
        withMembers(region, {
          async ingest(body, format) {
            ingesting++;
            await gate.promise;
            return region.ingest(body, format);
          },
        }),
    });
    const client = await RawClient.open(server.port);
    const body = JSON.stringify(event());
    client.write([...POST, 'Connection: keep-alive', `Content-Length: ${body.length}`], body);
    await expect.poll(() => ingesting).toBe(1);
    const stopped = server.stopServer();
    gate.resolve();
    expect(await client.untilClosed()).toContain('"counted":1');
    await stopped;
    await server.close();
  });

  test('a region that fails is not ready, and says why', async () => {
    const failed = Promise.withResolvers<Error>();
    const server = await openTestServer({
      wrap: (region) => withMembers(region, { failed: failed.promise }),
    });
    expect((await server.get('/readyz')).status).toBe(200);
    failed.resolve(new AdtallyError('disk_failed', 'fdatasync: EIO.'));
    await failed.promise;
    expect(await expectProblem(await server.get('/readyz'), 'disk_failed')).toBe('fdatasync: EIO.');
    expect((await server.get('/healthz')).status).toBe(200);
    server.logged.length = 0;
    await server.close();
  });

  test('a port that is taken is told in words', async () => {
    const server = await openTestServer();
    const second = openTestServer({ config: { server: { port: server.port } } });
    await expect(second).rejects.toThrow(
      `server.port ${server.port} on 127.0.0.1 is taken by another process`,
    );
    await server.close();
  });
});
