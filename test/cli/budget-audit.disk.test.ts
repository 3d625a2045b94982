import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { ERRORS } from '../../src/base/errors.ts';
import { Workplace } from './adtally-process.ts';

const place = new Workplace();
afterAll(() => place.remove());

const EVENT = {
  eventType: 'click',
  adId: 'a',
  campaignId: 'c',
  advertiserId: 'v',
  userId: 'u',
  currency: 'EUR',
};

test('adtally audit says that the ledger is exact, running or not, and that it is not once a row is tampered with', async () => {
  const region = await place.start<{ url: string }>(['start', '--port', '0', '--data', 'd']);
  const body = JSON.stringify({ ...EVENT, eventId: '1', eventTime: Date.now(), costMicros: 1500 });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${region.first.url}/v1/events`, { method: 'POST', body, headers })).status).toBe(200);
  const live = await place.json<{ exact: boolean; budget: object }>(['audit', '--data', 'd']);
  expect(live).toMatchObject({ exact: true, budget: { exact: true, recordsEqual: 1 } });
  region.signal('SIGTERM');
  await region.ended;
  const resting = await place.run(['audit', '--data', 'd']);
  expect(resting.stdout).toContain('budget: exact (1 record charged once, 2 entries)');
  expect(resting.exit).toBe(0);
  const database = new DatabaseSync(join(place.folder, 'd/budget.sqlite'));
  database.exec('UPDATE charges SET micros = 1499');
  database.close();
  const tampered = await place.run(['audit', '--data', 'd']);
  expect(tampered.stdout).toContain('budget: NOT exact');
  expect(tampered.stdout).toContain('charged 1499 micros of EUR for c of v at revision 1');
  expect(tampered.exit).toBe(ERRORS.audit_mismatch.exit);
}, 60_000);

test('without budgets there is no file, and routes say why there is nothing', async () => {
  const flags = ['--port', '0', '--data', 'off', '--budget-enabled', 'no'];
  const region = await place.start<{ url: string }>(['start', ...flags]);
  for (const path of ['/v1/budgets', '/v1/campaigns/c', '/v1/audit/budget', '/v1/changes/campaigns']) {
    const answer = await fetch(region.first.url + path);
    expect(await answer.json()).toMatchObject({
      status: 404,
      code: 'not_found',
      detail: 'This region runs without budgets (budget.enabled is "no").',
    });
  }
  const audit = await place.json<object>(['audit', '--data', 'off']);
  expect(audit).toMatchObject({ exact: true, budget: null });
  expect(existsSync(join(place.folder, 'off/budget.sqlite'))).toBe(false);
  region.signal('SIGTERM');
  await region.ended;
}, 60_000);
