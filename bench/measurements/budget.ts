/**
 * Budgets: how many records a second the ledger charges, new ones and changed ones, and for how long a page of them holds the
 * region's thread up.
 */
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { openBudgetStore } from '../../src/adapters/budget-store/budget-store.ts';
import { MINUTE_MS } from '../../src/base/units.ts';
import { BudgetBook, PAGE_RECORDS } from '../../src/budget/budget-book.ts';
import type { FeedPage } from '../../src/budget/ports.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import { answer, progress, told, withDirectory } from '../rig/measurement.ts';

const ADS = 20_000;
const NOON = Date.UTC(2026, 0, 31, 12);

function pageOf(minute: number, first: number, revision: number): FeedPage {
  const records = Array.from({ length: PAGE_RECORDS }, (_, n): AdMinute => {
    const ad = first + n;
    return {
      recordId: adMinuteRecordId('a', `ad-${ad}`, minute, 'EUR'),
      revision,
      region: 'a',
      adId: `ad-${ad}`,
      campaignId: `campaign-${ad % 1000}`,
      advertiserId: `advertiser-${ad % 100}`,
      minute,
      currency: 'EUR',
      impressions: revision,
      clicks: 0,
      costMicros: revision * 1500,
    };
  });
  return { records, cursor: `${minute}-${first}-${revision}`, caughtUp: false };
}

interface Rounds {
  /** ms a page, one each. */
  readonly fresh: number[];
  readonly changed: number[];
}

/** Records a second, from ms a page. */
const rate = (ms: readonly number[]): number =>
  Math.round((ms.length * PAGE_RECORDS * 1000) / ms.reduce((sum, one) => sum + one, 0));

await answer((run) =>
  withDirectory(run, async (directory) => {
    const data = join(directory, 'budget');
    await mkdir(data);
    const store = openBudgetStore(data, 'a');
    const book = new BudgetBook(store, 'a', { changedAdMinutes: () => pageOf(NOON, 0, 1) }, NOON);
    const rounds: Rounds = { fresh: [], changed: [] };
    for (let minute = 0; minute < (run.isQuick ? 5 : 50); minute++) {
      for (const revision of [1, 2]) {
        for (let first = 0; first < ADS; first += PAGE_RECORDS) {
          const page = pageOf(NOON + minute * MINUTE_MS, first, revision);
          const startMs = performance.now();
          book.chargePage('a', page, false, NOON);
          (revision === 1 ? rounds.fresh : rounds.changed).push(performance.now() - startMs);
        }
      }
      progress(`${(minute + 1) * ADS} records`);
    }
    store.close();
    const all = [...rounds.fresh, ...rounds.changed].toSorted((a, b) => a - b);
    return {
      findings: [
        told('Ledger: new records charged a second, on the region’s thread', rate(rounds.fresh)),
        told('  changed records', rate(rounds.changed)),
        told(
          `  a page of ${PAGE_RECORDS} records holds the thread up, p50`,
          all[Math.floor(all.length / 2)],
          ' ms',
        ),
        told('  p99', all[Math.floor(all.length * 0.99)], ' ms'),
      ],
      raw: rounds,
    };
  }),
);
