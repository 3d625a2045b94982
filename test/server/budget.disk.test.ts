import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  budget,
  budgetAudit,
  budgetList,
  campaign,
  campaignChangePage,
  campaignList,
  ledgerPage,
} from '../../src/server/openapi/budget-schemas.ts';
import { keyStoreOf } from '../../src/server/keys.ts';
import { EventSource } from './event-source.ts';
import { type TestServer, event, expectJson, expectProblem, openTestServer } from './server-fixture.ts';

const INPUT = {
  advertiserId: 'adv-1',
  currency: 'EUR',
  dailyBudgetMicros: 5000,
  timezone: 'UTC',
  start: '2026-01-01T00:00:00Z',
};

describe('campaigns over HTTP', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  const put = (id: string, body: unknown, type = 'application/json'): Promise<Response> =>
    server.get(`/v1/campaigns/${id}`, {
      method: 'PUT',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': type },
    });
  const budgetNow = async (id: string): Promise<z.infer<typeof budget>> =>
    expectJson(await server.get(`/v1/campaigns/${id}/budget`), budget);
  const spend = async (campaignId: string, costMicros: number, currency = 'EUR'): Promise<void> => {
    const body = JSON.stringify(event({ campaignId, costMicros, currency, adId: `ad of ${campaignId}` }));
    expect((await server.post('/v1/events', body)).status).toBe(200);
  };

  test('are set, read and listed by pages', async () => {
    const set = await expectJson(
      await put('a/1', INPUT).then(() => put(encodeURIComponent('l 1'), INPUT)),
      campaign,
    );
    expect(set).toEqual({
      ...INPUT,
      campaignId: 'l 1',
      start: '2026-01-01T00:00:00.000Z',
      end: null,
      isPaused: false,
      merchantId: null,
      placement: null,
      updatedAt: expect.any(String),
      updatedBy: 'a',
    });
    await put('l2', { ...INPUT, end: 1_900_000_000_000, isPaused: true });
    expect(await expectJson(await server.get('/v1/campaigns/l2'), campaign)).toMatchObject({
      end: '2030-03-17T17:46:40.000Z',
      isPaused: true,
    });
    const first = await expectJson(await server.get('/v1/campaigns?limit=1'), campaignList);
    expect(first).toMatchObject({ campaigns: [{ campaignId: 'l 1' }], next: 'l 1' });
    const rest = await expectJson(await server.get('/v1/campaigns?after=l%201'), campaignList);
    expect(rest).toMatchObject({ campaigns: [{ campaignId: 'l2' }], next: null });
  });

  test.for([
    [{ ...INPUT, dailyBudgetMicros: 0 }, 'dailyBudgetMicros'],
    [{ ...INPUT, timezone: 'Nowhere' }, 'timezone "Nowhere" is not an IANA time zone'],
    [{ ...INPUT, end: 0 }, 'which is not after start'],
    [{ ...INPUT, colour: 'red' }, 'colour'],
    ['{', 'not valid JSON'],
    ['[]', 'The body'],
  ] as const)('%o is refused', async ([body, detail]) => {
    expect(await expectProblem(await put('bad', body), 'bad_campaign')).toContain(detail);
    await expectProblem(await server.get('/v1/campaigns/bad'), 'unknown_campaign');
  });

  test('only JSON of a sensible size is read', async () => {
    const told = await expectProblem(await put('bad', 'x', 'text/plain'), 'unsupported_media_type');
    expect(told).toContain('application/json');
    await expectProblem(await put('bad', `"${'x'.repeat(70_000)}"`), 'too_large');
    await expectProblem(await server.get(`/v1/campaigns/${'x'.repeat(300)}`), 'bad_request');
  });

  test('spend moves the budget, and every entry has its counter-entry', async () => {
    await put('move', INPUT);
    await spend('move', 1500);
    await spend('move', 700, 'USD');
    await expect
      .poll(() => budgetNow('move'))
      .toMatchObject({
        spentMicros: 1500,
        remainingMicros: 3500,
        state: 'active',
        otherCurrencies: { USD: 700 },
      });
    await spend('move', 4000);
    await expect
      .poll(() => budgetNow('move'))
      .toMatchObject({ spentMicros: 5500, remainingMicros: 0, state: 'exhausted' });
    const { entries } = await expectJson(await server.get('/v1/campaigns/move/ledger?limit=2'), ledgerPage);
    expect(entries.map(({ amountMicros }) => amountMicros)).toEqual([4000, 700]);
    const older = await server.get(`/v1/campaigns/move/ledger?before=${entries[1].id}`);
    expect((await expectJson(older, ledgerPage)).entries).toMatchObject([
      { amountMicros: 1500, account: 'campaign:move' },
    ]);
    const audit = await expectJson(await server.get('/v1/audit/budget'), budgetAudit);
    expect(audit).toMatchObject({
      exact: true,
      recordsWaiting: 0,
      service: { state: 'running', caughtUp: true },
    });
    expect(audit.recordsEqual).toBeGreaterThan(0);
  });

  test('a stream tells how campaigns stand, then each change of a state once', async () => {
    await put('told', INPUT);
    await expect.poll(() => budgetNow('told')).toMatchObject({ state: 'active' });
    const stream = new EventSource(await server.get('/v1/budgets/changes'));
    const next = async (): Promise<z.infer<typeof budget>> => {
      for (;;) {
        const { event: name, data } = (await stream.next())!;
        expect(name).toBe('budget');
        const found = budget.parse(data);
        if (found.campaignId === 'told') return found;
      }
    };
    expect(await next()).toMatchObject({ state: 'active', spentMicros: 0 });
    await spend('told', 5000);
    let told = await next();
    // The first state of a new campaign is news, too, and may still be under way.
    if (told.state === 'active') told = await next();
    expect(told).toMatchObject({ state: 'exhausted', spentMicros: 5000 });
    await put('told', { ...INPUT, isPaused: true });
    expect(await next()).toMatchObject({ state: 'paused' });
    await stream.close();
  });

  test('metrics show how far the ledger is', async () => {
    const text = await (await server.get('/metrics')).text();
    expect(text).toMatch(/^adtally_budget_entries [1-9]/m);
    expect(text).toMatch(/^adtally_budget_lag_seconds \d/m);
  });
});

test('both regions hear of campaigns by a feed with a cursor', async () => {
  const server = await openTestServer();
  const put = async (id: string, over: object): Promise<void> => {
    const body = JSON.stringify({ ...INPUT, ...over });
    const headers = { 'content-type': 'application/json' };
    expect((await server.get(`/v1/campaigns/${id}`, { method: 'PUT', body, headers })).status).toBe(200);
  };
  await put('one', { merchantId: 'shop', placement: 'search' });
  await put('two', {});
  const first = await expectJson(await server.get('/v1/changes/campaigns?limit=1'), campaignChangePage);
  expect(first).toMatchObject({
    campaigns: [{ campaignId: 'one', merchantId: 'shop', placement: 'search', updatedBy: 'a' }],
    caughtUp: false,
  });
  await put('one', { placement: 'home' });
  const rest = await expectJson(
    await server.get(`/v1/changes/campaigns?after=${first.cursor}`),
    campaignChangePage,
  );
  expect(rest).toMatchObject({
    campaigns: [{ campaignId: 'two' }, { campaignId: 'one', merchantId: null, placement: 'home' }],
    caughtUp: true,
  });
  await expectProblem(await server.get('/v1/changes/campaigns?after=other.1'), 'bad_cursor');
  const shown = await expectJson(await server.get('/v1/budgets'), budgetList);
  expect(shown).toMatchObject({
    budgets: [{ campaignId: 'one', placement: 'home' }, { campaignId: 'two' }],
    feeds: [{ region: 'a', state: 'running' }],
  });
  expect(await (await server.get('/metrics')).text()).toMatch(
    /^adtally_budget_feed_lag_seconds\{region="a"\} \d/m,
  );
  await server.close();
});

test('campaigns are for operators', async () => {
  const id = 'abcd';
  const server = await openTestServer({ keys: { ...keyStoreOf([]), empty: false } });
  for (const path of [
    '/v1/campaigns',
    `/v1/campaigns/${id}/budget`,
    '/v1/budgets/changes',
    '/v1/audit/budget',
  ]) {
    expect(await expectProblem(await server.get(path), 'unauthorized')).not.toBe('');
  }
  await expectProblem(await server.get(`/v1/campaigns/${id}`, { method: 'PUT', body: '{}' }), 'unauthorized');
  await server.close();
});
