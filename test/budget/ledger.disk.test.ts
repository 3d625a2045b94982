import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBudgetStore, type SqliteBudgetStore } from '../../src/adapters/budget-store/budget-store.ts';
import { auditBudget, type HeldRecords } from '../../src/budget/budget-audit.ts';
import { applyPage } from '../../src/budget/ledger.ts';
import type { LedgerWrites } from '../../src/budget/ports.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { MINUTE_MS } from '../../src/base/units.ts';
import { adMinute, NOON } from './feed-script.ts';
import { NaiveLedger } from './naive-ledger.ts';

let directory: string;
let store: SqliteBudgetStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-ledger-'));
  store = openBudgetStore(directory, 'a');
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

const apply = (...records: AdMinute[]): unknown =>
  store.transaction((writes) => applyPage(writes, 'a', { records }, NOON));

const spendOf = (campaignId: string): Record<string, bigint> =>
  Object.fromEntries(
    store
      .spend(campaignId, 0, Number.MAX_SAFE_INTEGER)
      .filter(({ micros }) => micros !== 0n)
      .map(({ minute, currency, micros }) => [`${campaignId} ${minute} ${currency}`, micros]),
  );

const amounts = (account: string): number[] =>
  store
    .entries(account, 100)
    .map(({ amountMicros }) => amountMicros)
    .toReversed();

describe('a record', () => {
  test('is charged the difference to what it was last charged', () => {
    apply(adMinute({ costMicros: 1000 }));
    apply(adMinute({ revision: 4, costMicros: 2500 }));
    apply(adMinute({ revision: 5, costMicros: 2000 }));
    expect(amounts('campaign:spring')).toEqual([1000, 1500, -500]);
    expect(amounts('advertiser:acme')).toEqual([-1000, -1500, 500]);
    expect(spendOf('spring')).toEqual({ [`spring ${NOON} EUR`]: 2000n });
  });

  test('is charged nothing for a revision that is not higher', () => {
    apply(adMinute({ revision: 3, costMicros: 1000 }));
    apply(adMinute({ revision: 3, costMicros: 9000 }), adMinute({ revision: 2, costMicros: 700 }));
    expect(amounts('campaign:spring')).toEqual([1000]);
  });

  test('that costs nothing more leaves no entry, and its revision is kept', () => {
    apply(adMinute({ revision: 1 }), adMinute({ revision: 2 }));
    expect(store.entryCount()).toBe(2);
    expect(store.chargesOf(NOON)).toMatchObject([{ revision: 2 }]);
  });

  test('that moves to another pair is credited where it was and charged where it is', () => {
    apply(adMinute({ costMicros: 1000 }));
    apply(adMinute({ revision: 2, costMicros: 1500, campaignId: 'summer', advertiserId: 'zoo' }));
    expect(amounts('campaign:spring')).toEqual([1000, -1000]);
    expect(amounts('advertiser:acme')).toEqual([-1000, 1000]);
    expect(amounts('campaign:summer')).toEqual([1500]);
    expect(amounts('advertiser:zoo')).toEqual([-1500]);
  });

  test('that only moves to another advertiser leaves the campaign as it was', () => {
    apply(adMinute({ costMicros: 1000 }));
    apply(adMinute({ revision: 2, costMicros: 1000, advertiserId: 'zoo' }));
    expect(spendOf('spring')).toEqual({ [`spring ${NOON} EUR`]: 1000n });
    expect(amounts('advertiser:zoo')).toEqual([-1000]);
  });
});

test('sums past 2^53 are exact, and past 2^63 refused with nothing kept', () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (let n = 0; n < 1024; n += 64) {
    apply(...Array.from({ length: 64 }, (_, i) => adMinute({ adId: `ad-${n + i}`, costMicros: most })));
  }
  expect(spendOf('spring')).toEqual({ [`spring ${NOON} EUR`]: BigInt(most) * 1024n });
  const over = Array.from({ length: 2 }, (_, i) => adMinute({ adId: `over-${i}`, costMicros: most }));
  expect(() => apply(...over)).toThrow(/more than 64 bits hold/);
  expect(store.chargesOf(NOON)).toHaveLength(1024);
});

/** Pages of a few records, so that revisions repeat, come late and are skipped, and pairs change. */
const record = fc
  .record({
    ad: fc.integer({ min: 0, max: 3 }),
    revision: fc.integer({ min: 1, max: 6 }),
    slot: fc.integer({ min: 0, max: 1 }),
  })
  .chain(({ ad, revision, slot }) =>
    fc.constant(
      adMinute({
        adId: `ad-${ad}`,
        revision,
        minute: NOON + slot * MINUTE_MS,
        // A revision has one content, as in a region.
        campaignId: `c-${(ad + (revision > 3 ? 1 : 0)) % 3}`,
        advertiserId: `adv-${revision % 2}`,
        currency: ad === 3 ? 'USD' : 'EUR',
        costMicros: ((ad + 1) * revision * 7919) % 5 === 0 ? 0 : (ad + 1) * revision * 1000,
      }),
    ),
  );
/** After how many statements the process dies while it applies the page; most pages come through. */
const step = fc.record({
  page: fc.array(record, { maxLength: 6 }),
  diesAfter: fc.option(fc.nat({ max: 20 }), { freq: 3 }),
});

test('any pages, with crashes between any two statements, give what a naive ledger sums up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const own = mkdtempSync(join(directory, 'run-'));
      let running = openBudgetStore(own, 'a');
      const naive = new NaiveLedger();
      for (const { page, diesAfter } of steps) {
        for (let attempt = 0; ; attempt++) {
          try {
            running.transaction((writes) =>
              applyPage(attempt === 0 ? dying(writes, diesAfter) : writes, 'a', { records: page }, NOON),
            );
            break;
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
            running.close();
            running = openBudgetStore(own, 'a');
          }
        }
        for (const it of page) naive.take(it);
      }
      const spend = [0, 1].flatMap((slot) => running.spendOf(NOON + slot * MINUTE_MS));
      const found = spend
        .filter(({ micros }) => micros !== 0n)
        .map(({ campaignId, minute, currency, micros }) => [`${campaignId} ${minute} ${currency}`, micros]);
      expect(Object.fromEntries(found)).toEqual(naive.spend());
      const audit = await auditBudget({ store: running, region: 'a', held: heldOf(naive), ...STILL });
      expect(audit).toMatchObject({ exact: true, recordsWaiting: 0, recordsEqual: naive.records.length });
      running.close();
    }),
    { numRuns: 60 },
  );
});

class Crash extends Error {}

/** Throws instead of the write number `after`. */
function dying(writes: LedgerWrites, after: number | null): LedgerWrites {
  let left = after ?? Infinity;
  return new Proxy(writes, {
    get(target, name: keyof LedgerWrites) {
      if (left-- <= 0) throw new Crash();
      return target[name];
    },
  });
}

const STILL = { catchUp: (): void => {}, turn: (): Promise<void> => Promise.resolve() };

function heldOf(naive: NaiveLedger): HeldRecords {
  const records = (minute: number): AdMinute[] => naive.records.filter((it) => it.minute === minute);
  return {
    from: () => Math.min(...naive.records.map(({ minute }) => minute)),
    byMinute: () =>
      [...new Set(naive.records.map(({ minute }) => minute))].map((minute) => ({
        minute,
        records: records(minute),
      })),
    records,
  };
}
