import type { UnixMs } from '../../base/clock.ts';
import { BudgetBook } from '../../budget/budget-book.ts';
import type { AdMinuteFeed, FeedPage } from '../../budget/ports.ts';
import type { Region } from '../../embedded/ports.ts';
import type { OracleRecord } from '../../oracle/oracle-rules.ts';
import { ConsumerCrash, MemoryBudgetStore } from './memory-budget-store.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { expectEqual, expectThat, type Checker, type RegionAtRest } from '../checkers/checker.ts';

/** More than any simulated region has records: a ledger that begins anew for ever is found out. */
const PAGES_MAX = 5000;
/** Pages that may come once more. */
const OLD_PAGES_MAX = 40;
const POSTED_AT: UnixMs = 1_780_000_000_000;

/** The feed of a region as a network may bring it: small pages, now and then one that has come before, or with records that have. */
class UnsteadyFeed implements Pick<AdMinuteFeed, 'changedAdMinutes'> {
  readonly #random: SeededRandom;
  readonly #old: FeedPage[] = [];
  region: Region | undefined;
  isSteady = false;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  changedAdMinutes(after: string | undefined): FeedPage {
    if (!this.isSteady && this.#old.length > 0 && this.#random.chance(0.2))
      return this.#random.pick(this.#old);
    const page = this.region!.changedAdMinutes(after, this.#random.between(1, 10));
    this.#old.push(page);
    if (this.#old.length > OLD_PAGES_MAX) this.#old.shift();
    if (!this.#random.chance(0.5)) return page;
    return { ...page, records: [...page.records, ...this.#random.pick(this.#old).records] };
  }
}

/**
 * A ledger that follows the regions, dies at any statement and goes on from what was committed: at rest it has charged exactly what
 * the records of the truth cost, and its entries sum to that.
 */
export function budgetLedger(random: SeededRandom): Checker {
  const store = new MemoryBudgetStore();
  const feeds = new Map<string, UnsteadyFeed>();
  /** The process: gone after a crash. One for each region; all share the store. */
  const books = new Map<string, BudgetBook>();

  function feedOf(region: Region): UnsteadyFeed {
    let feed = feeds.get(region.name);
    if (feed === undefined) feeds.set(region.name, (feed = new UnsteadyFeed(random)));
    feed.region = region;
    return feed;
  }

  /** Whether the ledger is known to be caught up. */
  function follow(region: Region): boolean {
    const feed = feedOf(region);
    let book = books.get(region.name);
    if (book === undefined) {
      book = new BudgetBook(store, region.name, feed, POSTED_AT);
      books.set(region.name, book);
    }
    let left = feed.isSteady || random.chance(0.6) ? Infinity : random.between(0, 30);
    store.mayCrash = () => {
      if (left-- <= 0) throw new ConsumerCrash();
    };
    try {
      if (random.chance(0.1)) store.closeEntries(Infinity, random.between(2, 20));
      return book.applyNextPage(POSTED_AT);
    } catch (error) {
      if (!(error instanceof ConsumerCrash)) throw error;
      books.clear();
      return false;
    }
  }

  function catchUp(region: Region): void {
    const feed = feedOf(region);
    feed.isSteady = true;
    for (let pages = 0; !follow(region); pages++)
      expectThat(pages < PAGES_MAX, () => `the ledger is not caught up after ${PAGES_MAX} pages`);
    feed.isSteady = false;
  }

  return {
    name: 'the ledger charges each record once, whatever comes twice and whenever it dies',
    observed: (region) => {
      follow(region);
    },
    atRest: ({ region, truth }) => {
      if (random.chance(0.5)) return;
      catchUp(region);
      expectCharged(store, region.name, truth);
      expectBalanced(store);
    },
    ended: ({ region, truth }) => {
      catchUp(region);
      expectCharged(store, region.name, truth);
      expectBalanced(store);
    },
  };
}

const spentKey = (campaignId: string, minute: UnixMs, currency: string): string =>
  `${campaignId} ${minute} ${currency}`;

/** The region's charges are its records, and the spend of each minute is the sum of all regions' charges. */
function expectCharged(store: MemoryBudgetStore, region: string, { oracle }: RegionAtRest['truth']): void {
  const records = oracle.records();
  const spend = new Map<string, bigint>();
  const add = (key: string, micros: number): unknown =>
    spend.set(key, (spend.get(key) ?? 0n) + BigInt(micros));
  for (const [recordId, record] of records) {
    expectEqual('charge of a record', pick(store.charge(recordId)), chargeOf(record));
    add(spentKey(record.campaignId, record.minute, record.currency), record.costMicros);
  }
  const view = store.openAuditView();
  for (const { recordId, region: whose, minute, micros, campaignId, currency } of view.charges()) {
    if (minute < oracle.retiredBefore) continue;
    if (whose === region)
      expectThat(records.has(recordId), () => `${recordId} is charged, but there is no such record`);
    else add(spentKey(campaignId, minute, currency), micros);
  }
  for (const { campaignId, minute, currency, micros } of view.spend()) {
    if (minute < oracle.retiredBefore) continue;
    const key = spentKey(campaignId, minute, currency);
    expectEqual(`spend ${key}`, micros, spend.get(key) ?? 0n);
    spend.delete(key);
  }
  for (const [key, micros] of spend) expectEqual(`spend ${key}`, 0n, micros);
}

function chargeOf({ revision, costMicros, campaignId, advertiserId }: OracleRecord): object {
  return { revision, micros: costMicros, campaignId, advertiserId };
}

function pick(charge: ReturnType<MemoryBudgetStore['charge']>): object | undefined {
  if (charge === undefined) return undefined;
  const { revision, micros, campaignId, advertiserId } = charge;
  return { revision, micros, campaignId, advertiserId };
}

/** Entries and closing balances of each account sum to its charges. */
function expectBalanced(store: MemoryBudgetStore): void {
  const sums = new Map<string, bigint>();
  const add = (key: string, micros: bigint): unknown => sums.set(key, (sums.get(key) ?? 0n) + micros);
  const view = store.openAuditView();
  for (const { account, currency, amountMicros } of view.entries())
    add(`${account} ${currency}`, BigInt(amountMicros));
  for (const { account, currency, micros } of view.closings()) add(`${account} ${currency}`, micros);
  for (const { campaignId, advertiserId, currency, micros } of view.charges()) {
    add(`campaign:${campaignId} ${currency}`, -BigInt(micros));
    add(`advertiser:${advertiserId} ${currency}`, BigInt(micros));
  }
  for (const [account, rest] of sums)
    expectEqual(`what entries of ${account} have over its charges`, rest, 0n);
}
