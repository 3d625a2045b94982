import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { AdtallyError } from '../../src/base/errors.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { orderChangePage } from '../../src/server/openapi/order-schemas.ts';
import { changePage } from '../../src/server/openapi/schemas.ts';
import { EventSource } from './event-source.ts';
import { RawClient } from './raw-client.ts';
import {
  type TestServer,
  event,
  expectJson,
  expectProblem,
  openTestServer,
  withMembers,
} from './server-fixture.ts';

const STREAM = { accept: 'text/event-stream' };

const adIds = (data: unknown): string[] => changePage.parse(data).records.map(({ adId }) => adId);

describe('GET /v1/changes/ad-minutes', () => {
  let server: TestServer;
  /** Listeners on the region that the server has at the moment. */
  let listeners = 0;
  let expireCursors = false;

  const wrap = (region: Region): Region =>
    withMembers(region, {
      changedAdMinutes(after, limit) {
        if (expireCursors) throw new AdtallyError('cursor_expired', 'Gone.');
        return region.changedAdMinutes(after, limit);
      },
      onChange(listener) {
        listeners++;
        const stop = region.onChange(listener);
        return () => {
          listeners--;
          stop();
        };
      },
    });
  beforeAll(async () => {
    server = await openTestServer({ wrap });
  });
  afterAll(() => server.close());

  // One time for all: the same ad is the same record, also when a minute ends meanwhile.
  const eventTime = Date.now();
  const count = async (adId: string, eventId?: string): Promise<void> => {
    const given = eventId === undefined ? { adId, eventTime } : { adId, eventTime, eventId };
    const body = JSON.stringify(event(given));
    expect((await server.post('/v1/events', body)).status).toBe(200);
  };
  const page = async (query = ''): Promise<z.infer<typeof changePage>> =>
    expectJson(await server.get(`/v1/changes/ad-minutes${query}`), changePage);

  test('pages go from the beginning to the end and then on', async () => {
    for (const adId of ['p1', 'p2', 'p3']) await count(adId);
    const first = await page('?limit=2');
    expect(first).toMatchObject({ caughtUp: false, records: [{ adId: 'p1' }, { adId: 'p2' }] });
    const second = await page(`?limit=2&after=${first.cursor}`);
    expect(second).toMatchObject({ caughtUp: true, records: [{ adId: 'p3', revision: 1 }] });
    expect(await page(`?after=${second.cursor}`)).toMatchObject({ caughtUp: true, records: [] });
    await count('p3');
    expect(await page(`?after=${second.cursor}`)).toMatchObject({ records: [{ adId: 'p3', revision: 2 }] });
  });

  test.for([
    ['?limit=0', 'limit is "0"; allowed: a whole number from 1 to 10000.'],
    ['?limit=10001', 'limit is "10001"'],
    ['?limit=1.5', 'limit is "1.5"'],
    ['?waitMs=soon', 'waitMs is "soon"; allowed: a whole number from 0 to 60000.'],
    ['?after=', 'after is ""; allowed: 1 to 200 characters.'],
    ['?wait=1', '"wait" is not a parameter here; allowed: after, limit, waitMs.'],
    ['?limit=1&limit=2', 'limit is given more than once.'],
  ] as const)('refuses %s', async ([query, detail]) => {
    const answer = await server.get(`/v1/changes/ad-minutes${query}`);
    expect(await expectProblem(answer, 'bad_request')).toContain(detail);
  });

  test.for(['nonsense', 'ffffffff-1', '-1', '%00'])('refuses the cursor %s', async (cursor) => {
    const path = `/v1/changes/ad-minutes?after=${cursor}`;
    for (const headers of [{}, STREAM]) {
      expect(await expectProblem(await server.get(path, { headers }), 'bad_cursor')).not.toBe('');
    }
  });

  test('a long poll answers when something changes, not when only duplicates come', async () => {
    await count('w0', 'w0');
    const { cursor } = await page();
    const listening = listeners;
    const answer = page(`?after=${cursor}&waitMs=60000`);
    await expect.poll(() => listeners).toBe(listening + 1);
    await count('w0', 'w0');
    await count('w1');
    expect(await answer).toMatchObject({ caughtUp: true, records: [{ adId: 'w1' }] });
    expect(listeners).toBe(listening);
  });

  test('a long poll without change ends empty, with a cursor that still holds', async () => {
    const { cursor } = await page();
    const empty = await page(`?after=${cursor}&waitMs=20`);
    expect(empty).toMatchObject({ records: [], caughtUp: true });
    await count('later');
    expect(adIds(await page(`?after=${empty.cursor}`))).toEqual(['later']);
  });

  test('nobody waits for a client that has gone', async () => {
    const { cursor } = await page();
    const listening = listeners;
    const client = await RawClient.open(server.port);
    client.write([`GET /v1/changes/ad-minutes?after=${cursor}&waitMs=60000 HTTP/1.1`, 'Host: localhost']);
    await expect.poll(() => listeners).toBe(listening + 1);
    client.destroy();
    await expect.poll(() => listeners).toBe(listening);
  });

  test('a stream sends what there is, then what comes, and goes on where it broke off', async () => {
    const { cursor } = await page();
    const path = `/v1/changes/ad-minutes?after=${cursor}`;
    const response = await server.get(path, { headers: STREAM });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-request-id')).toMatch(/\w/);
    const stream = new EventSource(response);
    expect((await stream.next())?.data).toMatchObject({ records: [], caughtUp: true });
    await count('s1');
    const first = await stream.next();
    expect(first).toMatchObject({ event: 'ad-minutes' });
    expect(adIds(first?.data)).toEqual(['s1']);
    expect(changePage.parse(first?.data).cursor).toBe(first?.id);
    await stream.close();
    await count('s2');
    const headers = { ...STREAM, 'last-event-id': first!.id! };
    const resumed = new EventSource(await server.get(path, { headers }));
    expect(adIds((await resumed.next())?.data)).toEqual(['s2']);
    await resumed.close();
  });

  test('a stream of many pages comes whole and in order', async () => {
    const { cursor } = await page();
    const many = Array.from({ length: 95 }, (_, i) => event({ adId: `m${i}` }));
    await server.post('/v1/events', JSON.stringify(many));
    const path = `/v1/changes/ad-minutes?after=${cursor}&limit=10`;
    const stream = new EventSource(await server.get(path, { headers: STREAM }));
    const seen: string[] = [];
    while (seen.length < 95) seen.push(...adIds((await stream.next())?.data));
    expect(seen).toEqual(many.map(({ adId }) => adId));
    await stream.close();
  });

  test('a cursor that expires under way ends the stream with a problem', async () => {
    const stream = new EventSource(
      await server.get('/v1/changes/ad-minutes?limit=10000', { headers: STREAM }),
    );
    await stream.next();
    expireCursors = true;
    await count('x');
    expect(await stream.next()).toMatchObject({
      event: 'problem',
      data: { code: 'cursor_expired', status: 410 },
    });
    expect(await stream.next()).toBeUndefined();
    expireCursors = false;
  });

  test('HEAD answers at once, for pages and streams', async () => {
    const { cursor } = await page();
    const path = `/v1/changes/ad-minutes?after=${cursor}&waitMs=60000`;
    for (const headers of [{}, STREAM]) {
      const answer = await server.get(path, { method: 'HEAD', headers });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('');
    }
  });
});

test('a page says how far the region is, and what is final', async () => {
  const server = await openTestServer({
    config: { maxEventAge: '1h', attribution: { viewWindow: '2h', maxOrderAge: '1h' } },
  });
  await server.post('/v1/events', JSON.stringify(event()));
  const asOf = server.region.asOf();
  const minutesBefore = (ms: number): number => Math.floor((asOf - ms) / 60_000) * 60_000;
  const minutes = await expectJson(await server.get('/v1/changes/ad-minutes'), changePage);
  expect(minutes).toMatchObject({ asOf, finalBefore: minutesBefore(3_600_000) });
  // A view may come an hour late, two hours before the order.
  const orders = await expectJson(await server.get('/v1/changes/attributed-orders'), orderChangePage);
  expect(orders).toMatchObject({ asOf, finalBefore: minutesBefore(3 * 3_600_000) });
  await server.close();
});

test('for a client that does not read, no more pages are made', async () => {
  let pages = 0;
  const record = { adId: 'x'.repeat(100_000) } as AdMinute;
  const server = await openTestServer({
    wrap: (region) =>
      withMembers(region, {
        changedAdMinutes: () => ({
          records: [record],
          cursor: `a-${++pages}`,
          caughtUp: false,
          asOf: 1,
          finalBefore: 0,
        }),
      }),
  });
  const client = await RawClient.open(server.port);
  client.socket.pause();
  client.write(['GET /v1/changes/ad-minutes HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream']);
  const settled = async (): Promise<number> => {
    const before = pages;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return pages === before ? pages : 0;
  };
  // The kernel's buffers take some pages; then it stops.
  await expect.poll(settled).toBeGreaterThan(0);
  const before = pages;
  expect(before).toBeLessThan(200);
  client.socket.resume();
  await expect.poll(() => pages).toBeGreaterThan(before + 100);
  client.destroy();
  await server.close();
});
