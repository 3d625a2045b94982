import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { openBudgetStore } from '../../../src/adapters/budget-store/budget-store.ts';
import { BudgetBook } from '../../../src/budget/budget-book.ts';
import type { Campaign } from '../../../src/budget/campaign.ts';
import { CampaignExchange } from '../../../src/budget/peer/campaign-exchange.ts';
import type { BudgetStore, CampaignFeed, CampaignPage } from '../../../src/budget/ports.ts';
import { MemoryBudgetStore } from '../../../src/simulation/budget/memory-budget-store.ts';
import { NOON, ScriptedFeed } from '../feed-script.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-campaigns-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

class Side {
  readonly store: BudgetStore;
  readonly book: BudgetBook;

  constructor(
    region: string,
    store: BudgetStore = openBudgetStore(mkdtempSync(join(directory, region)), region),
  ) {
    this.store = store;
    this.book = new BudgetBook(this.store, region, new ScriptedFeed(), NOON);
  }

  put(campaignId: string, dailyBudgetMicros: number, now: number): Campaign {
    const input = { advertiserId: 'acme', currency: 'EUR', dailyBudgetMicros, timezone: 'UTC', start: NOON };
    return this.book.putCampaign(campaignId, input, now);
  }

  get campaigns(): Campaign[] {
    return this.store.campaigns(1000);
  }
}

/** A put on a side with a clock that is off, or a delivery of what the other side had at some time; deliveries repeat and mix. */
const step = fc.oneof(
  fc.record({
    of: fc.constant('put' as const),
    side: fc.nat(1),
    campaign: fc.nat(2),
    budget: fc.integer({ min: 1, max: 1000 }),
    clockOff: fc.integer({ min: -5, max: 5 }),
  }),
  fc.record({
    of: fc.constant('deliver' as const),
    to: fc.nat(1),
    picks: fc.array(fc.nat(50), { maxLength: 4 }),
  }),
);

const stampOf = ({ updatedAt, updatedBy }: Campaign): string => `${updatedAt} ${updatedBy}`;

/** A put wins over what is there, at once and by its stamp. */
function putAndLook(side: Side, campaignId: string, budget: number, now: number): Campaign {
  const seen = side.store.campaign(campaignId);
  const put = side.put(campaignId, budget, now);
  expect(put.updatedAt).toBeGreaterThan(seen?.updatedAt ?? 0);
  expect(side.store.campaign(campaignId)).toEqual(put);
  return put;
}

test('both regions end with the same campaigns, whatever comes in what order and however often', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const sides = ['a', 'b'].map((region) => new Side(region, new MemoryBudgetStore()));
      const written: Campaign[] = [];
      for (const [tick, it] of steps.entries()) {
        if (it.of === 'put') {
          written.push(putAndLook(sides[it.side], `c${it.campaign}`, it.budget, NOON + tick + it.clockOff));
        } else if (written.length > 0) {
          sides[it.to].book.mergeCampaigns(it.picks.map((pick) => written[pick % written.length]));
        }
      }
      const [a, b] = sides;
      for (const [from, to] of [
        [a, b],
        [b, a],
      ])
        to.book.mergeCampaigns(from.book.changedCampaigns(undefined, 1000).campaigns);
      expect(a.campaigns).toEqual(b.campaigns);
      // The naive truth: of all that was ever written, the greatest stamp of each.
      const latest = new Map<string, Campaign>();
      for (const each of written) {
        const best = latest.get(each.campaignId);
        if (best === undefined || stampOf(each) > stampOf(best)) latest.set(each.campaignId, each);
      }
      expect(a.campaigns).toEqual(
        [...latest.values()].toSorted((x, y) => (x.campaignId < y.campaignId ? -1 : 1)),
      );
    }),
    { numRuns: 500 },
  );
});

test('a put wins over what its region has seen, though its clock is slow', () => {
  const [a, b] = [new Side('a'), new Side('b')];
  a.put('spring', 1, NOON + 10_000);
  b.book.mergeCampaigns(a.book.changedCampaigns(undefined, 9).campaigns);
  b.put('spring', 2, NOON);
  a.book.mergeCampaigns(b.book.changedCampaigns(undefined, 9).campaigns);
  expect(a.campaigns).toMatchObject([{ dailyBudgetMicros: 2, updatedAt: NOON + 10_001, updatedBy: 'b' }]);
  a.store.close();
  b.store.close();
});

test('a campaign that is taken over has a state, and one that is not valid is refused alone', () => {
  const [a, b] = [new Side('a'), new Side('b')];
  const good = a.put('spring', 1, NOON);
  const result = b.book.mergeCampaigns([{ ...good, campaignId: 'bad', timezone: 'Mars' }, good]);
  expect(result.taken).toBe(1);
  expect(result.refusals.join()).toContain('Campaign "bad": timezone "Mars" is not');
  expect(b.book.stateChanges(NOON)).toMatchObject([{ campaignId: 'spring', state: 'active' }]);
  expect(b.book.size).toBe(1);
  a.store.close();
  b.store.close();
});

class ScriptedCampaigns implements CampaignFeed {
  readonly region = 'a';
  readonly asked: (string | undefined)[] = [];
  side: Side;
  failure: Error | undefined;

  constructor(side: Side) {
    this.side = side;
  }

  next(after: string | undefined): Promise<CampaignPage> {
    this.asked.push(after);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve().then(() => this.side.book.changedCampaigns(after, 2));
  }
}

test('the exchange takes over page by page, says when it cannot, and begins again at a store of another origin', async () => {
  const [a, b] = [new Side('a'), new Side('b')];
  for (let n = 0; n < 5; n++) a.put(`c${n}`, 1, NOON);
  const feed = new ScriptedCampaigns(a);
  feed.failure = new Error('nobody there');
  const exchange = new CampaignExchange(b.book, feed, nodeClock);
  await expect
    .poll(() => exchange.status())
    .toMatchObject({ state: 'failing', error: 'nobody there', equalAt: null });
  feed.failure = undefined;
  await expect.poll(() => b.campaigns.length, { timeout: 5000 }).toBe(5);
  await expect
    .poll(() => exchange.status())
    .toMatchObject({ region: 'a', state: 'running', taken: 5, equalAt: expect.any(Number) as number });
  // The region has lost its data.
  feed.side = new Side('a');
  feed.side.put('c9', 1, NOON);
  await expect.poll(() => b.campaigns.length, { timeout: 8000 }).toBe(6);
  await exchange.close();
  for (const { store } of [a, b, feed.side]) store.close();
}, 20_000);
