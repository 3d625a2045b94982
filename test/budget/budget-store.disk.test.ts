import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBudgetStore, type SqliteBudgetStore } from '../../src/adapters/budget-store/budget-store.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import { BudgetBook } from '../../src/budget/budget-book.ts';
import { auditBudget } from '../../src/budget/budget-audit.ts';
import { applyPage } from '../../src/budget/ledger.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinute, NOON, ScriptedFeed } from './feed-script.ts';

/** A file that version 1 wrote: two campaigns, two records, one of them charged twice. */
const VERSION_1 = new URL('version-1/budget.sqlite', import.meta.url).pathname;

const TERMS = { advertiserId: 'acme', currency: 'EUR', dailyBudgetMicros: 1, timezone: 'UTC', start: 0 };

let directory: string;
let store: SqliteBudgetStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-store-'));
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

const audit = (region: string, held = new ScriptedFeed()): ReturnType<typeof auditBudget> =>
  auditBudget({ store, region, held, catchUp: () => {}, turn: () => Promise.resolve() });

const post = (now: number, ...records: AdMinute[]): unknown =>
  store.transaction((writes) => applyPage(writes, 'a', { records }, now));

describe('a file of version 1', () => {
  beforeEach(() => copyFileSync(VERSION_1, join(directory, 'budget.sqlite')));

  test('keeps its charges, its cursor and its campaigns, all of the region that opens it', async () => {
    store = openBudgetStore(directory, 'eu-1');
    expect(store.position('eu-1')).toEqual({ cursor: 'origin-3', restartedAt: null, keptAt: 0 });
    expect(store.position('b').cursor).toBeUndefined();
    expect(store.chargesOf(NOON).map(({ region, micros }) => [region, micros])).toEqual([
      ['eu-1', 1700],
      ['eu-1', 300],
    ]);
    const summer = { merchantId: null, placement: null, updatedAt: 0, updatedBy: 'eu-1', isPaused: true };
    expect(store.campaign('summer')).toMatchObject({ ...summer, end: NOON + HOUR_MS });
    expect(store.changedCampaigns(undefined, 9)).toMatchObject({
      campaigns: [{ campaignId: 'spring' }, { campaignId: 'summer' }],
      caughtUp: true,
    });
    expect(store.entryCount()).toBe(6);
    expect(await audit('eu-1')).toMatchObject({ exact: true, entries: 6, charges: 2, peers: [] });
  });

  test('goes on as one of this version', () => {
    openBudgetStore(directory, 'a').close();
    store = openBudgetStore(directory, 'a');
    store.transaction((writes) =>
      applyPage(writes, 'a', { records: [adMinute({ revision: 3, costMicros: 2000 })] }, NOON),
    );
    expect(store.entries('campaign:spring', 1)).toMatchObject([{ amountMicros: 300, id: 7 }]);
    store.putCampaign({ ...store.campaign('spring')!, placement: 'search', updatedAt: 5 });
    expect(store.changedCampaigns(undefined, 9).campaigns.map(({ campaignId }) => campaignId)).toEqual([
      'summer',
      'spring',
    ]);
  });

  test('stays as it is when it cannot be changed', () => {
    const path = join(directory, 'budget.sqlite');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE closings (x)');
    database.close();
    expect(() => openBudgetStore(directory, 'a')).toThrow('closings already exists');
    const looked = new DatabaseSync(path);
    expect(looked.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(looked.prepare('SELECT cursor FROM position').get()).toEqual({ cursor: 'origin-3' });
    looked.exec('DROP TABLE closings');
    looked.close();
    store = openBudgetStore(directory, 'a');
  });
});

describe('entries of days out of retention', () => {
  beforeEach(() => {
    store = openBudgetStore(directory, 'a');
    for (let day = 0; day < 3; day++) {
      const records = Array.from({ length: 10 }, (_, n) =>
        adMinute({ adId: `ad-${n}`, minute: NOON + day * DAY_MS, costMicros: 100 + n }),
      );
      post(NOON + day * DAY_MS, ...records);
    }
  });

  test('become closing balances in small steps, and the sums stay proven at each', async () => {
    expect(store.entryCount()).toBe(60);
    const before = NOON + 2 * DAY_MS;
    for (const [left, closed] of [
      [54, 6],
      [48, 6],
      [42, 6],
    ] as const) {
      expect(store.closeEntries(before, 6)).toBe(closed);
      expect(store.entryCount()).toBe(left);
      expect(await audit('a')).toMatchObject({ exact: true, entries: left, charges: 30 });
    }
    while (store.closeEntries(before, 6) > 0);
    expect(store.entryCount()).toBe(20);
    const sum = 2n * (10n * 100n + 45n);
    const rest = { currency: 'EUR', entries: 20, until: NOON + DAY_MS };
    const [spring, acme] = ['campaign:spring', 'advertiser:acme'];
    expect(store.closings(spring)).toEqual([{ account: spring, counterAccount: acme, micros: sum, ...rest }]);
    expect(store.closings(acme)).toEqual([{ account: acme, counterAccount: spring, micros: -sum, ...rest }]);
    expect(await audit('a')).toMatchObject({ exact: true, entries: 20, charges: 30 });
  });

  test('are closed apart for each advertiser that paid, also on one campaign', async () => {
    const minute = NOON + 2 * DAY_MS + HOUR_MS;
    const other = adMinute({ adId: 'of-other', advertiserId: 'other', minute, costMicros: 7 });
    post(NOON + 2 * DAY_MS, other, adMinute({ adId: 'last', minute }));
    while (store.closeEntries(Infinity, 6) > 0);
    const of = (counterAccount?: string): (string | bigint)[][] =>
      store.closings('campaign:spring', counterAccount).map((each) => [each.counterAccount, each.micros]);
    const acme = ['advertiser:acme', 3n * (10n * 100n + 45n)];
    expect(of()).toEqual([acme, ['advertiser:other', 7n]]);
    expect(of('advertiser:acme')).toEqual([acme]);
    expect(of('advertiser:other')).toEqual([['advertiser:other', 7n]]);
    expect(of('advertiser:nobody')).toEqual([]);
    const book = new BudgetBook(store, 'a', new ScriptedFeed(), NOON);
    book.putCampaign('spring', TERMS, NOON);
    expect(book.closings('spring')).toHaveLength(2);
    expect(book.closings('spring', 'acme')).toMatchObject([{ counterAccount: 'advertiser:acme' }]);
    expect(() => book.closings('spring', 'other')).toThrow('No campaign "spring" has been set.');
    expect(await audit('a')).toMatchObject({ exact: true, entries: 2 });
  });

  test('leave the latest posting, so that ids go on growing', async () => {
    while (store.closeEntries(Infinity, 8) > 0);
    expect(store.entryCount()).toBe(2);
    post(NOON, adMinute({ adId: 'new', minute: NOON + MINUTE_MS }));
    expect(store.entries('campaign:spring', 9).map(({ id }) => id)).toEqual([61, 59]);
    expect(await audit('a')).toMatchObject({ exact: true });
  });

  test('of a correction are closed in the order of posting, whatever minute they are of', async () => {
    post(NOON + 3 * DAY_MS, adMinute({ adId: 'ad-0', revision: 2, costMicros: 1 }));
    while (store.closeEntries(NOON + 3 * DAY_MS, 1000) > 0);
    expect(store.entries('campaign:spring', 9)).toMatchObject([{ amountMicros: -99 }]);
    expect(await audit('a')).toMatchObject({ exact: true, entries: 2 });
  });

  test.for([
    "UPDATE closings SET micros = micros + 1 WHERE account = 'campaign:spring'",
    'DELETE FROM closings',
  ])('are missed by the audit after %s', async (tampering) => {
    store.closeEntries(Infinity, 20);
    expect((await audit('a')).exact).toBe(true);
    const database = new DatabaseSync(join(directory, 'budget.sqlite'));
    database.exec(tampering);
    database.close();
    expect((await audit('a')).differences.join()).toContain('entries and closing balances sum to');
  });
});
