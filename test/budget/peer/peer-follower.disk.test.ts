import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { openBudgetStore, type SqliteBudgetStore } from '../../../src/adapters/budget-store/budget-store.ts';
import { AdtallyError } from '../../../src/base/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { auditBudget } from '../../../src/budget/budget-audit.ts';
import { BudgetService } from '../../../src/budget/budget-service.ts';
import type { FeedStatus } from '../../../src/budget/peer/peer-follower.ts';
import { adMinute, NOON, ScriptedFeed } from '../feed-script.ts';
import { ScriptedPeer } from './scripted-peer.ts';

let directory: string;
let store: SqliteBudgetStore;
let own: ScriptedFeed;
let peer: ScriptedPeer;
let service: BudgetService;

const open = (): void => {
  store = openBudgetStore(directory, 'a');
  service = new BudgetService({
    store,
    region: 'a',
    feed: own,
    held: own,
    peer: { feed: peer, campaigns: { region: 'b', next: () => new Promise(() => {}) } },
    clock: nodeClock,
    retentionMs: 4000 * DAY_MS,
  });
};
const close = async (): Promise<void> => {
  await service.close();
  store.close();
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-peer-'));
  own = new ScriptedFeed();
  peer = new ScriptedPeer();
  open();
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

const charged = (): unknown =>
  Object.fromEntries(store.chargesOf(NOON).map(({ region, micros }) => [region, micros]));
const spent = (): bigint => store.spendOf(NOON).reduce((sum, { micros }) => sum + micros, 0n);
const statusOf = (region: string): FeedStatus =>
  service.status().feeds.find((feed) => feed.region === region)!;

describe('the feeds of both regions', () => {
  test('are charged to one sum, each with a cursor of its own', async () => {
    own.change(adMinute({ costMicros: 1000 }));
    peer.change({ costMicros: 300 }, { adId: 'ad-2', costMicros: 40 });
    await expect.poll(spent).toBe(1340n);
    expect(store.position('a').cursor).toBe('origin-1');
    expect(store.position('b').cursor).toBe('origin-2');
    await expect
      .poll(() => statusOf('b'))
      .toMatchObject({ state: 'running', caughtUp: true, lagMs: 0, charged: 2 });
    expect(statusOf('b').cursorKeptAt).toBeGreaterThan(NOON);
    expect(await service.audit()).toMatchObject({
      exact: true,
      recordsEqual: 1,
      peers: [{ region: 'b', comparedWith: 'records', recordsEqual: 2, recordsWaiting: 0 }],
    });
  });

  test('go on at their cursors after a restart', async () => {
    own.change(adMinute(), adMinute({ adId: 'ad-3', costMicros: 0 }));
    peer.change({});
    await expect.poll(spent).toBe(2000n);
    await close();
    peer.asked.length = 0;
    peer.change({ adId: 'ad-2', costMicros: 5 });
    open();
    await expect.poll(spent).toBe(2005n);
    expect(peer.asked[0]).toBe('origin-1');
    expect(statusOf('b').charged).toBe(1);
  });

  test('that fall take the spend back: an exhausted campaign is active again, and is told so', async () => {
    const states: string[] = [];
    service.onStateChange(({ state, spentMicros }) => states.push(`${state} ${spentMicros}`));
    const minute = Date.now() - (Date.now() % MINUTE_MS);
    const campaign = {
      advertiserId: 'acme',
      currency: 'EUR',
      dailyBudgetMicros: 5000,
      timezone: 'UTC',
      start: 0,
    };
    service.book.putCampaign('spring', campaign, Date.now());
    own.change(adMinute({ minute, costMicros: 2000 }));
    peer.change({ minute, costMicros: 3000 });
    await expect.poll(() => states.at(-1), { timeout: 5000 }).toBe('exhausted 5000');
    peer.change({ minute, revision: 2, costMicros: 1200, impressions: 0 });
    await expect.poll(() => states.at(-1), { timeout: 5000 }).toBe('active 3200');
    expect(service.book.entries('spring', 1)).toMatchObject([{ amountMicros: -1800, revision: 2 }]);
    expect(service.book.budget('spring', Date.now())).toMatchObject({
      spentMicros: 3200n,
      remainingMicros: 1800n,
    });
    peer.change({ minute, revision: 3, costMicros: 0, impressions: 0 });
    own.change(adMinute({ minute, revision: 2, costMicros: 0 }));
    await expect.poll(() => service.book.budget('spring', Date.now()).spentMicros).toBe(0n);
    expect(service.book.budget('spring', Date.now()).forecastMicros).toBe(0n);
    expect(await service.audit()).toMatchObject({ exact: true, differences: [] });
  });
});

describe('a peer', () => {
  test('that is gone delays only its own records, and its audit says so', async () => {
    peer.failure = new AdtallyError('unreachable', 'b does not answer.');
    peer.stir();
    own.change(adMinute());
    await expect.poll(spent).toBe(1000n);
    await expect
      .poll(() => statusOf('b'))
      .toMatchObject({ state: 'failing', error: 'b does not answer.', caughtUp: false });
    expect(statusOf('b').lagMs).toBeGreaterThan(0);
    expect(statusOf('a')).toMatchObject({ state: 'running', caughtUp: true });
    expect(await service.audit()).toMatchObject({
      exact: true,
      peers: [{ region: 'b', comparedWith: 'ledger', reason: 'b does not answer.' }],
    });
    peer.failure = undefined;
    peer.change({ costMicros: 7 });
    await expect.poll(spent, { timeout: 5000 }).toBe(1007n);
    expect(statusOf('b')).toMatchObject({ state: 'running', caughtUp: true });
  });

  test('that hangs holds up neither the own region nor a close', async () => {
    peer.isHanging = true;
    peer.stir();
    own.change(adMinute());
    await expect.poll(spent).toBe(1000n);
    await close();
    open();
  });

  test.for(['bad_cursor', 'cursor_expired'] as const)('with %s is read from its beginning', async (code) => {
    peer.change({}, { adId: 'ad-2' });
    await expect.poll(spent).toBe(2000n);
    Object.assign(peer.feed, { origin: 'other', refusal: code });
    peer.change({ adId: 'ad-3', costMicros: 5 });
    await expect.poll(spent, { timeout: 5000 }).toBe(2005n);
    expect(store.position('b')).toMatchObject({
      cursor: 'other-3',
      restartedAt: expect.any(Number) as number,
    });
    expect(store.position('a').restartedAt).toBeNull();
    expect(statusOf('b')).toMatchObject({ charged: 3, restartedAt: expect.any(Number) as number });
  });

  test('cannot change what the own region has counted', async () => {
    own.change(adMinute());
    await expect.poll(spent).toBe(1000n);
    peer.change({ region: 'a', revision: 9, costMicros: 1 }, { costMicros: 5 });
    await expect.poll(spent).toBe(1005n);
    expect(charged()).toEqual({ a: 1000, b: 5 });
    expect(statusOf('b')).toMatchObject({ charged: 1, refused: 1 });
    expect(statusOf('b').refusal).toContain('in the feed of region b is of region a');
  });

  test.for([
    [null, 'it is no object'],
    [{ costMicros: -1 }, 'costMicros is out_of_range'],
    [{ costMicros: '5' }, 'costMicros is bad_type'],
    [{ revision: 1.5 }, 'revision is bad_type'],
    [{ minute: NOON + 1 }, 'minute is not the start of one'],
    [{ campaignId: '' }, 'campaignId is empty_field'],
    [{ recordId: 'made-up' }, 'recordId is not its own'],
  ] as const)('that sends %o has it refused, and the rest charged', async ([given, fault]) => {
    const broken = given === null ? null : { ...adMinute({ region: 'b' }), ...given };
    peer.garble = (page) => ({ ...page, records: [broken, ...page.records] });
    peer.change({ adId: 'ad-2', costMicros: 5 });
    await expect.poll(spent).toBe(5n);
    expect(statusOf('b').refusal).toContain(fault);
  });

  test.for([{}, { records: [], cursor: 5 }, { records: null, cursor: 'x', caughtUp: true }])(
    'that answers %o fails, and loses nothing',
    async (garbage) => {
      peer.garble = () => garbage;
      peer.change({ costMicros: 5 });
      await expect.poll(() => statusOf('b')).toMatchObject({ state: 'failing' });
      expect(statusOf('b').error).toContain('no page of ad minutes');
      peer.garble = (page) => page;
      await expect.poll(spent, { timeout: 5000 }).toBe(5n);
    },
  );
});

describe('the audit of the other region', () => {
  test.for([
    [
      "UPDATE charges SET micros = 6 WHERE region = 'b'",
      'charged 6 micros of EUR for spring of acme at revision 1',
    ],
    ["UPDATE charges SET revision = 4 WHERE region = 'b'", 'at revision 4; the record has 5 micros'],
    [
      `INSERT INTO charges VALUES ('ghost', 1, 'c', 'a', 'EUR', ${NOON}, 0, 'b')`,
      'Record ghost at 2026-01-31T12:00:00.000Z is charged, but region b has none.',
    ],
  ] as const)('sees %s', async ([tampering, difference]) => {
    own.change(adMinute());
    peer.change({ costMicros: 5 });
    await expect.poll(spent).toBe(1005n);
    expect(await service.audit()).toMatchObject({ exact: true });
    const database = new DatabaseSync(join(directory, 'budget.sqlite'));
    database.exec(tampering);
    database.close();
    const audit = await service.audit();
    expect(audit.exact).toBe(false);
    expect(audit.differences.join('\n')).toContain(difference);
  });

  test('counts what its feed has yet to bring as waiting', async () => {
    peer.change({ costMicros: 5 });
    await expect.poll(spent).toBe(5n);
    await close();
    peer.change({ revision: 2, costMicros: 9 }, { adId: 'ad-2' });
    store = openBudgetStore(directory, 'a');
    const still = { catchUp: () => {}, turn: () => Promise.resolve() };
    const audit = await auditBudget({ store, region: 'a', held: own, peer, ...still });
    expect(audit).toMatchObject({
      exact: true,
      peers: [{ comparedWith: 'records', recordsEqual: 0, recordsWaiting: 2, comparedFrom: NOON }],
    });
    store.close();
    open();
  });
});
