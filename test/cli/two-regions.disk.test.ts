import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../free-port.ts';
import { bearer } from '../server/test-keys.ts';
import { Workplace, type Started } from './adtally-process.ts';

const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];

const WAIT = { timeout: 60_000, interval: 100 };
const SECRET = 'two-regions-share-this-secret-0123456789';

/** A region of a real process with keys of its own. */
interface Side {
  readonly url: string;
  readonly process: Started<object>;
  readonly operator: string;
  readonly advertiser: string;
}

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

const otherOf = (name: Name): Name => (name === 'a' ? 'b' : 'a');

async function createKey(data: string, ...role: string[]): Promise<string> {
  const args = ['keys', 'create', '--name', 'n', '--data', data, '--role', ...role];
  return (await place.json<{ key: string }>(args)).key;
}

/** Starts both, each with the other as its peer; `secrets` are what they show to each other. */
async function startBoth(secrets: Readonly<Record<Name, string>>): Promise<Record<Name, Side>> {
  const urls = { a: '', b: '' };
  for (const name of NAMES) urls[name] = `http://127.0.0.1:${await freePort()}`;
  const sides: [Name, Side][] = [];
  for (const name of NAMES) {
    const operator = await createKey(name, 'operator');
    const advertiser = await createKey(name, 'advertiser', '--advertiser', 'acme');
    const secretFile = join(place.folder, `${name}.secret`);
    writeFileSync(secretFile, `${secrets[name]}\n`, { mode: 0o600 });
    const peer = `${otherOf(name)}=${urls[otherOf(name)]}`;
    const regions = ['--regions', 'a,b', '--region', name, '--peer', peer];
    const where = ['--data', name, '--port', new URL(urls[name]).port];
    const args = ['start', ...regions, ...where, '--replication-secret-file', secretFile];
    sides.push([name, { url: urls[name], process: await place.start(args), operator, advertiser }]);
  }
  return Object.fromEntries(sides) as Record<Name, Side>;
}

async function send(side: Side, method: string, path: string, body: unknown): Promise<void> {
  const headers = { ...bearer(side.operator), 'content-type': 'application/json' };
  const response = await fetch(side.url + path, { method, headers, body: JSON.stringify(body) });
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
}

async function ask(side: Side, key: string, path: string): Promise<unknown> {
  return (await fetch(side.url + path, { headers: bearer(key) })).json();
}

/** Two clicks in the region: one of acme, one of another advertiser. */
function clicks(name: Name, costMicros: number): object[] {
  return ['acme', 'zenith'].map((advertiserId) => ({
    eventId: `${name}-${advertiserId}`,
    eventType: 'click',
    eventTime: Date.now(),
    adId: `${advertiserId}-in-${name}`,
    campaignId: `${advertiserId}-spring`,
    advertiserId,
    userId: 'u',
    costMicros,
    currency: 'EUR',
  }));
}

const row = (id: string, costMicros: number): object => ({ id, costMicros, clicks: 1 });

const audit = (...more: string[]): Promise<unknown> =>
  place.json(['audit', '--peer', '--data', 'a', ...more]);

describe('two regions with keys and a shared secret', { timeout: 180_000 }, () => {
  it('each show the budgets and reports of both, to an advertiser its own', async () => {
    const sides = await startBoth({ a: SECRET, b: SECRET });
    const terms = { advertiserId: 'acme', currency: 'EUR', dailyBudgetMicros: 10_000, timezone: 'UTC' };
    await send(sides.a, 'PUT', '/v1/campaigns/acme-spring', { ...terms, start: 0, placement: 'search' });
    await send(sides.a, 'POST', '/v1/events', clicks('a', 300));
    await send(sides.b, 'POST', '/v1/events', clicks('b', 500));
    for (const name of NAMES) {
      const { operator, advertiser } = sides[name];
      const as = (key: string, path: string) => (): Promise<unknown> => ask(sides[name], key, path);
      const running = { state: 'running', caughtUp: true, refused: 0 };
      await expect.poll(as(advertiser, '/v1/budgets'), WAIT).toMatchObject({
        budgets: [{ campaignId: 'acme-spring', spentMicros: 800, remainingMicros: 9200 }],
        feeds: [
          { region: name, ...running },
          { region: otherOf(name), ...running },
        ],
      });
      await expect.poll(as(operator, '/v1/audit/budget'), WAIT).toMatchObject({
        exact: true,
        recordsEqual: 2,
        peers: [{ region: otherOf(name), comparedWith: 'records', recordsEqual: 2, recordsWaiting: 0 }],
      });
      await expect
        .poll(as(operator, '/v1/reports/figures?order=costMicros'), WAIT)
        .toMatchObject({ found: 4, regions: [{ region: name }, { region: otherOf(name) }] });
      const own = await as(advertiser, '/v1/reports/figures?order=costMicros')();
      expect(own).toMatchObject({ found: 2, rows: [row('acme-in-b', 500), row('acme-in-a', 300)] });
      expect(JSON.stringify(own)).not.toContain('zenith');
      await expect
        .poll(as(operator, '/v1/reports/figures?by=placement'), WAIT)
        .toMatchObject({ rows: [{ id: 'search' }, { id: null }] });
      expect(await ask(sides[otherOf(name)], operator, '/v1/budgets')).toMatchObject({
        code: 'unauthorized',
      });
    }
  });

  it('can be held against each other with the secret, and with keys their ledgers too', async () => {
    const sides = await startBoth({ a: SECRET, b: SECRET });
    await send(sides.a, 'POST', '/v1/events', clicks('a', 300));
    await send(sides.b, 'POST', '/v1/events', clicks('b', 500));
    const copies = [2, 2, 0, 0, 2, 2, 0, 0].map((recordsEqual) => ({ exact: true, recordsEqual }));
    await expect.poll(() => audit(), WAIT).toMatchObject({ exact: true, copies, budgets: [] });
    const keys = ['--key', `${sides.a.operator},${sides.b.operator}`];
    const urls = ['--url', sides.a.url, '--url', sides.b.url];
    const budgets = NAMES.map((region) => ({ region, audit: { exact: true } }));
    expect(await audit(...keys, ...urls)).toMatchObject({ exact: true, copies, budgets });
  });

  it('hear nothing of each other when their secrets differ, and say why', async () => {
    const sides = await startBoth({ a: SECRET, b: `${SECRET}-of-another` });
    await send(sides.b, 'POST', '/v1/events', clicks('b', 500));
    const { operator, advertiser } = sides.a;
    const as = (key: string, path: string) => (): Promise<unknown> => ask(sides.a, key, path);
    const refusal = expect.stringContaining('The key is not valid') as string;
    await expect
      .poll(as(operator, '/v1/audit/budget'), WAIT)
      .toMatchObject({ service: { feeds: [{ error: null }, { region: 'b', charged: 0, error: refusal }] } });
    await expect.poll(as(operator, '/v1/reports/status'), WAIT).toMatchObject({
      feeds: [{ error: null }, { error: null }, { region: 'b', error: refusal }, { error: refusal }],
    });
    // An advertiser hears that the feed fails, and not what of.
    expect(await ask(sides.a, advertiser, '/v1/budgets')).toMatchObject({
      feeds: [{ region: 'a' }, { region: 'b', state: 'failing', error: null }],
    });
  });
});
