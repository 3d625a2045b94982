import { AdtallyError } from '../../base/errors.ts';
import type { ChangePage, Region } from '../../embedded/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { expectEqual, expectThat, type Checker } from './checker.ts';
import { expectNoStepBack } from './lasting-figures.ts';

/** More than any simulated region has records: a consumer that begins anew for ever is found out. */
const PAGES_MAX = 5000;

/**
 * A consumer that follows the change feed, a page at a time, with the same cursor across crashes: it never sees anything that
 * a crash takes back, and once caught up it has exactly the region's records.
 */
export function changeFeed(random: SeededRandom): Checker {
  const held = new Map<string, AdMinute>();
  let cursor: string | undefined;

  function readPage(region: Region, limit: number): ChangePage<AdMinute> | undefined {
    try {
      return region.changedAdMinutes(cursor, limit);
    } catch (error) {
      // Records that the cursor had not reached were retired: a consumer begins anew.
      if (!(error instanceof AdtallyError && error.code === 'cursor_expired')) throw error;
      cursor = undefined;
      return undefined;
    }
  }

  function follow(region: Region): boolean {
    const limit = random.between(1, 10);
    const page = readPage(region, limit);
    if (page === undefined) return false;
    expectThat(
      page.records.length <= limit,
      () => `a page of ${page.records.length} records, limit ${limit}`,
    );
    for (const record of page.records) {
      const before = held.get(record.recordId);
      if (before !== undefined) expectNoStepBack(before, record);
      held.set(record.recordId, record);
    }
    expectThat(page.caughtUp || page.records.length > 0, () => 'a page without records that is not the last');
    cursor = page.cursor;
    return page.caughtUp;
  }

  return {
    name: 'the change feed leads to exactly the records',
    observed: (region) => {
      follow(region);
    },
    atRest: ({ region, truth }) => {
      if (random.chance(0.5)) follow(region);
      if (random.chance(0.5)) return;
      let pages = 0;
      while (!follow(region)) {
        expectThat(pages++ < PAGES_MAX, () => `not caught up after ${PAGES_MAX} pages, at ${cursor}`);
      }
      const { retiredBefore } = truth.oracle;
      for (const [recordId, { minute }] of held) if (minute < retiredBefore) held.delete(recordId);
      const records = truth.oracle.records();
      expectEqual('number of records a consumer holds', held.size, records.size);
      for (const [recordId, record] of records)
        expectEqual('record of a consumer', held.get(recordId), record);
    },
  };
}
