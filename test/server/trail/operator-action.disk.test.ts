import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoControl } from '../../../src/server/demo/demo-control.ts';
import { DAY_MS } from '../../../src/base/units.ts';
import { keyStoreOf } from '../../../src/server/keys.ts';
import { trailPage } from '../../../src/server/openapi/access-schemas.ts';
import { ROUTES } from '../../../src/server/routes.ts';
import { trailFileName } from '../../../src/server/trail/trail-file.ts';
import { type TestServer, event, expectJson, expectProblem, openTestServer } from '../server-fixture.ts';
import type { Upkeep } from '../../../src/union-load/ports.ts';
import { makeKey } from '../test-keys.ts';

const operator = makeKey('ops1', 'operator');
const INPUT = {
  advertiserId: 'adv-1',
  currency: 'EUR',
  dailyBudgetMicros: 5000,
  timezone: 'UTC',
  start: '2026-01-01T00:00:00Z',
};

/** Stores that are looked after in no time. */
const UPKEEP: Upkeep = {
  rebuild: () => Promise.resolve(),
  replay: () => Promise.resolve([]),
  task: () => null,
};

/** What these take is sent in a body, but changes nothing. */
const READING = new Set(['/v1/sql', '/v1/backfill/preview']);
const OLD = JSON.stringify(event({ eventId: 'old', eventTime: Date.now() - 2 * DAY_MS }));
/** Every way to change something as an operator, and what the trail says of it. */
const LINES = 'application/x-ndjson';
const ACTIONS = [
  {
    method: 'PUT',
    url: '/v1/campaigns/:campaignId',
    path: '/v1/campaigns/spring',
    body: INPUT,
    action: 'campaign.put',
    subject: 'spring',
  },
  {
    method: 'POST',
    url: '/v1/quarantine/replay',
    path: '/v1/quarantine/replay',
    body: { ids: [1] },
    action: 'quarantine.replay',
    subject: '1 entries: 1',
  },
  {
    method: 'POST',
    url: '/v1/enrichment/retry',
    path: '/v1/enrichment/retry',
    body: undefined,
    action: 'enrichment.retry',
    subject: 'unavailable orders',
  },
  ...(['kill', 'restart'] as const).map((verb) => ({
    method: 'POST' as const,
    url: `/v1/demo/${verb}`,
    path: `/v1/demo/${verb}?region=a`,
    body: undefined,
    action: `demo.${verb}`,
    subject: 'region a',
  })),
  {
    method: 'POST',
    url: '/v1/backfill',
    path: '/v1/backfill?maxAge=60h',
    body: OLD,
    action: 'backfill.take',
    subject: `${OLD.length}B of events, up to 60h old`,
  },
  {
    method: 'POST',
    url: '/v1/stores/replay',
    path: '/v1/stores/replay?from=0',
    body: undefined,
    action: 'store.replay',
    subject: 'from 1970-01-01T00:00:00.000Z',
  },
  {
    method: 'POST',
    url: '/v1/stores/:store/rebuild',
    path: '/v1/stores/warehouse/rebuild',
    body: undefined,
    action: 'store.rebuild',
    subject: 'warehouse',
  },
] as const;

const REGIONS = [{ region: 'a', url: '', state: 'up', pid: 1, restarts: 0, restartAt: null }] as const;
const demo: DemoControl = {
  regions: () => Promise.resolve(REGIONS),
  kill: () => Promise.resolve(REGIONS),
  restart: () => Promise.resolve(REGIONS),
};

describe('what operators do', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ demo, upkeep: UPKEEP, keys: keyStoreOf([operator.record]) });
    const headers = { ...operator.headers, 'content-type': 'application/json' };
    await server.post('/v1/events', JSON.stringify(event({ eventTime: 0 })), headers);
  });
  afterAll(() => server.close());

  const send = ({ method, path, body }: (typeof ACTIONS)[number], id: string): Promise<Response> =>
    server.get(path, {
      method,
      headers: {
        ...operator.headers,
        'x-request-id': id,
        ...(body === undefined ? {} : { 'content-type': body === OLD ? LINES : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body === OLD ? OLD : JSON.stringify(body) }),
    });

  test('every route that changes something is here, or takes in what publishers send', () => {
    const changing = ROUTES.filter(
      ({ method, access, url }) => method !== 'GET' && access !== 'publisher' && !READING.has(url),
    );
    expect(changing.map(({ method, url }) => `${method} ${url}`).toSorted()).toEqual(
      ACTIONS.map(({ method, url }) => `${method} ${url}`).toSorted(),
    );
  });

  test('is refused while it cannot be written down', async () => {
    const path = join(server.directory, trailFileName(1));
    mkdirSync(path);
    const before = server.region.status();
    for (const each of ACTIONS) await expectProblem(await send(each, 'r-0'), 'disk_failed');
    renameSync(path, join(server.directory, 'aside'));
    expect(server.budget.book.size).toBe(0);
    expect(server.region.status()).toMatchObject({
      received: before.received,
      quarantineHeld: before.quarantineHeld,
    });
    expect(server.logged.splice(0)).toHaveLength(ACTIONS.length);
  });

  test.for(ACTIONS)('$action is in the trail, with key and request', async (each) => {
    expect((await send(each, `r-${each.action}`)).status).toBe(200);
    const page = await expectJson(
      await server.get('/v1/audit/trail?limit=1', { headers: operator.headers }),
      trailPage,
    );
    const { action, subject } = each;
    expect(page.entries).toMatchObject([
      { role: 'operator', keyId: 'ops1', requestId: `r-${action}`, action, subject, outcome: 'done' },
    ]);
  });

  test('is told by pages, newest first', async () => {
    const { headers } = operator;
    const all = await expectJson(await server.get('/v1/audit/trail', { headers }), trailPage);
    expect(all.entries.map(({ action }) => action)).toEqual(ACTIONS.map(({ action }) => action).toReversed());
    const older = await server.get(`/v1/audit/trail?before=${all.entries[0].id}`, { headers });
    expect((await expectJson(older, trailPage)).entries).toEqual(all.entries.slice(1));
    await expectProblem(await server.get('/v1/audit/trail?before=none', { headers }), 'bad_cursor');
    await expectProblem(await server.get('/v1/audit/trail?limit=0', { headers }), 'bad_request');
  });
});

test('without keys it is somebody on this machine', async () => {
  const server = await openTestServer();
  const headers = { 'content-type': 'application/json' };
  await server.get('/v1/campaigns/c', { method: 'PUT', body: JSON.stringify(INPUT), headers });
  expect(server.trail.page(1).entries).toMatchObject([{ role: 'loopback', keyId: null, subject: 'c' }]);
  await server.close();
});
