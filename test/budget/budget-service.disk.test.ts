import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { openBudgetStore, type SqliteBudgetStore } from '../../src/adapters/budget-store/budget-store.ts';
import { BudgetBook } from '../../src/budget/budget-book.ts';
import { BudgetService } from '../../src/budget/budget-service.ts';
import type { BudgetStore } from '../../src/budget/ports.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/base/units.ts';
import { adMinute, NOON, ScriptedFeed } from './feed-script.ts';

let directory: string;
let store: SqliteBudgetStore;
let feed: ScriptedFeed;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-budget-'));
  store = openBudgetStore(directory, 'a');
  feed = new ScriptedFeed();
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

const CAMPAIGN = {
  advertiserId: 'acme',
  currency: 'EUR',
  dailyBudgetMicros: 5000,
  timezone: 'UTC',
  start: NOON - 48 * HOUR_MS,
};

describe('the book', () => {
  test('goes on at the cursor after a restart', () => {
    feed.change(adMinute());
    expect(new BudgetBook(store, 'a', feed, NOON).applyNextPage(NOON)).toBe(true);
    feed.change(adMinute({ adId: 'ad-2' }));
    store.close();
    store = openBudgetStore(directory, 'a');
    const book = new BudgetBook(store, 'a', feed, NOON);
    book.applyNextPage(NOON);
    expect(book.tally('a').charged).toBe(1);
    expect(store.chargesOf(NOON)).toHaveLength(2);
  });

  test.for(['bad_cursor', 'cursor_expired'] as const)(
    'begins again after %s and charges nothing twice',
    (code) => {
      const book = new BudgetBook(store, 'a', feed, NOON);
      book.putCampaign('spring', CAMPAIGN, NOON);
      feed.change(adMinute());
      book.applyNextPage(NOON);
      expect(store.position('a').restartedAt).toBeNull();
      Object.assign(feed, { origin: 'other', refusal: code });
      feed.change(adMinute({ adId: 'ad-2' }));
      book.applyNextPage(NOON + 1);
      expect(store.position('a')).toMatchObject({ restartedAt: NOON + 1, cursor: 'other-2' });
      expect(book.budget('spring', NOON).spentMicros).toBe(2000n);
    },
  );

  test('takes pages of bounded size', () => {
    feed.change(...Array.from({ length: 1200 }, (_, n) => adMinute({ adId: `ad-${n}` })));
    const book = new BudgetBook(store, 'a', feed, NOON);
    expect([0, 1, 2].map(() => book.applyNextPage(NOON))).toEqual([false, false, true]);
  });

  test('keeps what an unknown campaign spends until it is set', () => {
    const book = new BudgetBook(store, 'a', feed, NOON);
    feed.change(adMinute(), adMinute({ adId: 'ad-2', currency: 'USD' }));
    book.applyNextPage(NOON);
    expect(() => book.budget('spring', NOON)).toThrow(expect.objectContaining({ code: 'unknown_campaign' }));
    book.putCampaign('spring', CAMPAIGN, NOON);
    expect(book.budget('spring', NOON)).toMatchObject({
      spentMicros: 1000n,
      otherCurrencies: { USD: 1000n },
    });
  });

  test('a correction after midnight goes to the day of its minute, and days follow the time zone', () => {
    const book = new BudgetBook(store, 'a', feed, NOON);
    const late = Date.UTC(2026, 0, 31, 23, 30);
    book.putCampaign('spring', CAMPAIGN, NOON);
    feed.change(adMinute({ minute: late }));
    book.applyNextPage(late);
    const nextDay = late + HOUR_MS;
    feed.change(adMinute({ minute: late, revision: 2, costMicros: 1800 }));
    book.applyNextPage(nextDay);
    expect(book.budget('spring', late).spentMicros).toBe(1800n);
    expect(book.budget('spring', nextDay).spentMicros).toBe(0n);
    book.putCampaign('spring', { ...CAMPAIGN, timezone: 'Europe/Paris' }, NOON);
    // In Paris it was past midnight already.
    expect(book.budget('spring', nextDay)).toMatchObject({ spentMicros: 1800n, day: { date: '2026-02-01' } });
    expect(book.budget('spring', late - HOUR_MS).spentMicros).toBe(0n);
    book.putCampaign('spring', CAMPAIGN, NOON);
    expect(book.budget('spring', late).spentMicros).toBe(1800n);
  });

  test('tells each change of a state once, also those that time alone makes', () => {
    const book = new BudgetBook(store, 'a', feed, NOON);
    const changes = (now: number): string[] => book.stateChanges(now).map(({ state }) => state);
    book.putCampaign('spring', { ...CAMPAIGN, end: NOON + 20 * HOUR_MS }, NOON);
    expect(changes(NOON)).toEqual(['active']);
    expect(changes(NOON)).toEqual([]);
    feed.change(adMinute({ costMicros: 5000 }));
    book.applyNextPage(NOON);
    expect(changes(NOON)).toEqual(['exhausted']);
    expect(changes(NOON + 11 * HOUR_MS)).toEqual([]);
    expect(changes(NOON + 12 * HOUR_MS)).toEqual(['active']);
    expect(changes(NOON + 20 * HOUR_MS)).toEqual(['ended']);
    book.putCampaign('spring', { ...CAMPAIGN, isPaused: true }, NOON);
    expect(changes(NOON + 20 * HOUR_MS)).toEqual(['paused']);
  });
});

/** A service over the store, with some members of its own. */
const open = (over: Partial<BudgetStore> = {}): BudgetService => {
  const wrapped = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(Object.hasOwn(over, name) ? over : target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return new BudgetService({
    store: wrapped,
    region: 'a',
    feed,
    held: feed,
    clock: nodeClock,
    retentionMs: 4000 * DAY_MS,
  });
};

describe('the service', () => {
  test('follows the feed and tells of states', async () => {
    const service = open();
    const states: string[] = [];
    service.onStateChange(({ campaignId, state }) => states.push(`${campaignId} ${state}`));
    service.book.putCampaign('spring', { ...CAMPAIGN, start: 0 }, NOON);
    const minute = Date.now() - (Date.now() % MINUTE_MS);
    await expect.poll(() => states).toEqual(['spring active']);
    feed.change(adMinute({ minute, costMicros: 5000 }));
    await expect.poll(() => states).toEqual(['spring active', 'spring exhausted']);
    await expect
      .poll(() => service.status())
      .toMatchObject({ state: 'running', caughtUp: true, entries: 2, charged: 1 });
    expect(await service.audit()).toMatchObject({ exact: true, recordsEqual: 1, recordsWaiting: 0 });
    await service.close();
    expect(service.status().state).toBe('closed');
  });

  test('says that the store fails, and goes on once it does not', async () => {
    let isFull = true;
    const service = open({
      transaction(work) {
        if (isFull) throw new Error('database or disk is full');
        return store.transaction(work);
      },
    });
    feed.change(adMinute());
    await expect
      .poll(() => service.status())
      .toMatchObject({ state: 'failing', error: 'database or disk is full' });
    expect(service.status().lagMs).toBeGreaterThan(0);
    isFull = false;
    await expect
      .poll(() => service.status(), { timeout: 5000 })
      .toMatchObject({ state: 'running', caughtUp: true });
    expect(store.chargesOf(NOON)).toHaveLength(1);
    await service.close();
  });

  test.for([
    ['UPDATE entries SET amount_micros = 999 WHERE id = 1', 'Entry 1 has no counter-entry.'],
    ['DELETE FROM entries WHERE id = 2', 'Entry 1 has no counter-entry.'],
    [
      'DELETE FROM entries',
      'campaign:spring in EUR: entries and closing balances sum to 0, charges to 1000 micros.',
    ],
    ['UPDATE charges SET micros = 1001', 'the record has 1000 micros of EUR'],
    ["UPDATE charges SET campaign_id = 'x'", 'for x of acme at revision 1'],
    ['DELETE FROM charges', 'entries and closing balances sum to 1000, charges to 0 micros'],
    ['UPDATE spend SET micros = 5', 'spend sum to 5, charges to 1000 micros'],
    [`UPDATE spend SET minute = minute + 60000`, 'spend at 2026-01-31T12:00:00.000Z sum to 0'],
    ["INSERT INTO charges VALUES ('ghost', 1, 'c', 'a', 'EUR', 1769860800000, 0, 'a')", 'Record ghost at'],
  ] as const)('its audit sees %s', async ([tampering, difference]) => {
    const service = open();
    feed.change(adMinute());
    await service.catchUp();
    expect(await service.audit()).toMatchObject({ exact: true });
    const database = new DatabaseSync(join(directory, 'budget.sqlite'));
    database.exec(tampering);
    database.close();
    const audit = await service.audit();
    expect(audit.exact).toBe(false);
    expect(audit.differences.join('\n')).toContain(difference);
    await service.close();
  });
});

test('only its owner may read the file, and those beside it', () => {
  const names = readdirSync(directory);
  expect(names).toContain('budget.sqlite-wal');
  for (const name of names) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
});

test('a file of an unknown format is refused', () => {
  store.close();
  const database = new DatabaseSync(join(directory, 'budget.sqlite'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => openBudgetStore(directory, 'a')).toThrow(expect.objectContaining({ code: 'data_format' }));
  store = openBudgetStore(mkdtempSync(join(directory, 'other-')), 'a');
});
