import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';
import type { ChangePage, Region } from '../../embedded/ports.ts';
import type { AttributedOrder } from '../../model/attributed-order.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { expectEqual, expectThat, type Checker } from './checker.ts';
import { attributedOrdersOf } from './true-orders.ts';

/** More than any simulated region has records: a consumer that begins anew for ever is found out. */
const PAGES_MAX = 5000;

/**
 * A consumer of attributed orders that keeps its cursor across crashes: no revision goes back, one revision always says the
 * same, and once caught up it has exactly the region's records. It lets go of an order when the region does, `retentionMs`
 * after its time: from then on the same order id may begin anew.
 */
export function orderFeed(random: SeededRandom, retentionMs: number): Checker {
  const consumer = new OrderConsumer(random, retentionMs);
  return {
    name: 'the change feed of orders leads to exactly the records',
    observed: (region) => {
      if (random.chance(0.5)) consumer.follow(region);
      else consumer.look(region);
    },
    died: (region) => consumer.look(region),
    atRest: ({ region }) => {
      if (random.chance(0.5)) consumer.follow(region);
      if (random.chance(0.5)) return;
      let pages = 0;
      while (!consumer.follow(region)) {
        expectThat(pages++ < PAGES_MAX, () => `not caught up after ${PAGES_MAX} pages`);
      }
      const records = attributedOrdersOf(region).map((record) => [record.recordId, record]);
      const held = Object.fromEntries(consumer.held);
      expectEqual('records of a consumer', held, Object.fromEntries(records));
    },
  };
}

class OrderConsumer {
  readonly held = new Map<string, AttributedOrder>();
  /** Every record as it was last seen to stand, since the consumer began; those that the region has dropped as well. */
  readonly #stood = new Map<string, AttributedOrder>();
  readonly #random: SeededRandom;
  readonly #retentionMs: number;
  #cursor: string | undefined;

  constructor(random: SeededRandom, retentionMs: number) {
    this.#random = random;
    this.#retentionMs = retentionMs;
  }

  /** Reads a page; whether it was the last. */
  follow(region: Region): boolean {
    const limit = this.#random.between(1, 10);
    const page = this.#read(region, limit);
    if (page === undefined) return false;
    expectThat(page.records.length <= limit, () => `a page of ${page.records.length}, limit ${limit}`);
    for (const record of page.records) {
      const before = this.held.get(record.recordId);
      if (before !== undefined && !this.#isDropped(region, before)) expectNoStepBack(before, record);
      this.held.set(record.recordId, record);
    }
    expectThat(page.caughtUp || page.records.length > 0, () => 'a page without records that is not the last');
    this.#cursor = page.cursor;
    if (page.caughtUp) {
      this.#expectNothingMissed(region);
      this.#letGo(region);
    }
    this.look(region);
    return page.caughtUp;
  }

  /** Takes note of what there is to be read; only that counts as missed later. */
  look(region: Region): void {
    if (this.#cursor === undefined) return;
    for (const record of attributedOrdersOf(region)) this.#stood.set(record.recordId, record);
  }

  #read(region: Region, limit: number): ChangePage<AttributedOrder> | undefined {
    try {
      return region.changedOrders(this.#cursor, limit);
    } catch (error) {
      // Records that the cursor had not reached were dropped: a consumer begins anew.
      if (!(error instanceof AdtallyError && error.code === 'cursor_expired')) throw error;
      this.#cursor = undefined;
      this.#stood.clear();
      this.#letGo(region);
      return undefined;
    }
  }

  /** What was dropped before the consumer came to it must have expired its cursor. */
  #expectNothingMissed(region: Region): void {
    const standing = new Set(attributedOrdersOf(region).map(({ recordId }) => recordId));
    for (const [recordId, record] of this.#stood) {
      if (standing.has(recordId)) continue;
      const revision = this.held.get(recordId)?.revision ?? 0;
      const where = `record of ${record.orderId}, ${record.model} ${record.rank}`;
      expectThat(
        revision >= record.revision,
        () => `${where} was dropped and missed at revision ${revision}`,
      );
      this.#stood.delete(recordId);
    }
  }

  #letGo(region: Region): void {
    for (const [recordId, record] of this.held) {
      if (this.#isDropped(region, record)) this.held.delete(recordId);
    }
  }

  #isDropped(region: Region, { orderTime }: AttributedOrder): boolean {
    return orderTime < Math.floor((region.asOf() - this.#retentionMs) / HOUR_MS) * HOUR_MS;
  }
}

function expectNoStepBack(before: AttributedOrder, after: AttributedOrder): void {
  const where = `record of ${after.orderId}, ${after.model} ${after.rank}`;
  expectThat(
    after.revision >= before.revision,
    () => `${where} went back from ${before.revision} to ${after.revision}`,
  );
  if (after.revision === before.revision) expectEqual(`${where} at one revision`, after, before);
}
