import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../../src/adapters/node-disk/node-disk.ts';
import { DAY_MS, HOUR_MS } from '../../../src/base/units.ts';
import { auditFully, type FullAudit } from '../../../src/cli/audit/full-audit.ts';
import { LogRecount } from '../../../src/cli/audit/log-recount.ts';
import { restingBooks, type ServedBooks } from '../../../src/cli/audit/served-books.ts';
import type { Region } from '../../../src/embedded/ports.ts';
import { openRegion } from '../../../src/embedded/region-engine.ts';
import { DEFAULT_TRAFFIC, TrafficGenerator } from '../../../src/generator/traffic.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';

const CONFIG: PipelineConfig = {
  attribution: { models: ['last_touch', 'linear'], merchantMatch: 'any' },
  logSegment: '64KiB',
};
const NOON = Date.UTC(2026, 0, 31, 12);

let folder: string;
let region: Region;
let now: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-audit-'));
  now = NOON;
  region = await open();
});
afterEach(async () => {
  await region.close();
  rmSync(folder, { recursive: true });
});

const specOf = (config: PipelineConfig) =>
  resolveSpec({ ...CONFIG, ...config }, { environment: {}, flags: {} });

function open(config: PipelineConfig = {}): Promise<Region> {
  return openRegion({
    name: 'a',
    spec: specOf(config),
    disk: new NodeDisk(folder),
    clock: { ...nodeClock, now: () => now },
    entropy: (bytes) => randomBytes(bytes),
  });
}

let made = 0;
const touch = (userId: string, fields: object = {}): object => ({
  eventId: `e-${++made}`,
  eventType: 'click',
  eventTime: now,
  adId: `ad-${made % 7}`,
  campaignId: 'c',
  advertiserId: 'v',
  userId,
  merchantId: 'm',
  ...fields,
});
const order = (orderId: string, userId: string, fields: object = {}): object => ({
  orderId,
  orderTime: now,
  userId,
  merchantId: 'm',
  amountMicros: 1_000_001,
  ...fields,
});
const sendTouches = (...touches: object[]): Promise<unknown> =>
  region.ingest(Buffer.from(JSON.stringify(touches)), 'json');
const sendOrders = (...orders: object[]): Promise<unknown> =>
  region.ingestOrders(Buffer.from(JSON.stringify(orders)), 'json');

/** The books of the region of this process; `falsify` changes what it serves. */
function books(falsify: Partial<ServedBooks> = {}): ServedBooks {
  let after: string | undefined;
  let afterOrder: string | undefined;
  return {
    audit: () => Promise.resolve(region.audit()),
    async *changed() {
      const page = region.changedAdMinutes(after, 1e6);
      after = page.cursor;
      yield* page.records;
    },
    async *changedOrders() {
      const page = region.changedOrders(afterOrder, 1e6);
      afterOrder = page.cursor;
      yield* page.records;
    },
    touches: (userId, from) => Promise.resolve(region.touches(userId, from, Infinity)),
    ...falsify,
  };
}

async function audit(served: ServedBooks = books(), config: PipelineConfig = {}): Promise<FullAudit> {
  const recount = await LogRecount.open(new NodeDisk(folder), specOf(config));
  return auditFully(served, recount, () => Promise.resolve());
}

/** Some of everything: versions, late touches, ranks that no touch has any more, orders without any touch. */
async function sendWorld(): Promise<void> {
  await sendTouches(
    touch('u-1'),
    touch('u-1', { eventTime: now - 1000 }),
    touch('u-2', { eventTime: now + 1 }),
  );
  await sendOrders(order('o-1', 'u-1'), order('o-2', 'u-2'), order('o-3', 'u-3'), order('o-1', 'u-1'), {});
  await sendOrders(order('o-4', 'u-1', { userId: 'u-1' }), order('o-5', 'u-1'));
  await sendTouches(touch('u-2', { eventTime: now - 5, eventType: 'impression' }), touch('u-1'));
  await sendOrders(
    order('o-4', 'u-1', { orderVersion: 2, orderStatus: 'cancelled' }),
    order('o-5', 'u-1', { orderVersion: 2, userId: 'u-2' }),
    order('o-1', 'u-1', { amountMicros: 4 }),
  );
}

const isOf = (orderId: string, model: string, rank: number) => (record: AttributedOrder) =>
  record.orderId === orderId && record.model === model && record.rank === rank;
const without = (isWrong: (record: AttributedOrder) => boolean, lie: Partial<AttributedOrder> | undefined) =>
  async function* () {
    for (const record of region.changedOrders(undefined, 1e6).records) {
      if (!isWrong(record)) yield record;
      else if (lie !== undefined) yield { ...record, ...lie };
    }
  };

const fill = (): Promise<unknown> =>
  sendTouches(...Array.from({ length: 1000 }, (_, n) => touch(`u-${n % 100}`)));

describe('the audit of orders', () => {
  it('finds an honest region exact', async () => {
    await sendWorld();
    const { exact, orders, books: own } = await audit();
    expect(own.orders).toMatchObject({
      balanced: true,
      received: 10,
      verdicts: { accepted: 7, duplicate: 1, conflict: 1, invalid: 1 },
    });
    expect({ exact, ...orders }).toEqual({
      exact: true,
      received: 10,
      recordsEqual: region.changedOrders(undefined, 1000).records.length,
      ordersEqual: 5,
      ordersNotRecounted: 0,
      moving: 0,
      touchesEqual: 5,
      usersSampled: 3,
      verdictsCompared: true,
      wrong: 0,
      differences: [],
    });
  });

  it('agrees on much traffic, at rest, after a snapshot', async () => {
    const generator = new TrafficGenerator({ ...DEFAULT_TRAFFIC, seed: 5, users: 200 });
    for (let round = 0; round < 10; round++) {
      await region.ingest(generator.next(200, now).bytes.slice(), 'ndjson');
      await sendOrders(
        ...Array.from({ length: 40 }, (_, n) =>
          order(`o-${(round * 17 + n) % 150}`, `user-${n * 3}`, { orderVersion: round + 1 }),
        ),
      );
      if (round === 5) await region.snapshot();
      now += HOUR_MS;
    }
    await region.close();
    const resting = await restingBooks(new NodeDisk(folder), 'a', specOf({}));
    const { exact, orders } = await audit(resting);
    await resting.close();
    expect({ exact, differences: orders.differences }).toEqual({ exact: true, differences: [] });
    expect(orders.ordersEqual).toBe(150);
    expect(orders.touchesEqual).toBeGreaterThan(100);
  });

  it.each([
    [
      'a wrong credit',
      isOf('o-1', 'linear', 1),
      { creditMicros: 7 },
      /o-1 by linear, rank 1: creditMicros 7, recounted/,
    ],
    [
      'credits that do not add up',
      isOf('o-1', 'linear', 1),
      { creditMicros: 7 },
      /o-1 by linear: the credits sum to/,
    ],
    ['another ad', isOf('o-1', 'last_touch', 0), { adId: 'x' }, /adId x, recounted ad-/],
    [
      'a credit that no touch has',
      isOf('o-5', 'linear', 2),
      { creditMicros: 1 },
      /no touch has this rank any more/,
    ],
    [
      'a credit for a cancelled order',
      isOf('o-4', 'last_touch', 0),
      { creditMicros: 1 },
      /sum to 1, not to 0/,
    ],
    [
      'another reason',
      isOf('o-3', 'linear', 0),
      { reason: 'after_order' },
      /reason after_order, recounted no_touch/,
    ],
    [
      'a missing record',
      isOf('o-2', 'linear', 0),
      undefined,
      /o-2 by linear, rank 0: in the recount, but not served/,
    ],
    [
      'an order of nobody',
      isOf('o-2', 'linear', 0),
      { orderId: 'o-9' },
      /o-9 by linear, rank 0: served, but not/,
    ],
  ] as const)('finds %s', async (_, isWrong, lie, message) => {
    await sendWorld();
    const { exact, orders } = await audit(books({ changedOrders: without(isWrong, lie) }));
    expect(exact).toBe(false);
    expect(orders.differences.join('\n')).toMatch(message);
  });

  it('finds a wrong count of verdicts, and a wrong touch', async () => {
    await sendWorld();
    const own = books({
      audit: () => {
        const report = region.audit();
        const verdicts = { ...report.orders.verdicts, stale: 1, accepted: 6 };
        return Promise.resolve({ ...report, orders: { ...report.orders, verdicts } });
      },
      touches: (userId, from) =>
        Promise.resolve(region.touches(userId, from, Infinity).map((one) => ({ ...one, merchantId: 'x' }))),
    });
    const { exact, orders } = await audit(own);
    expect(exact).toBe(false);
    expect(orders.differences).toEqual(
      expect.arrayContaining([
        'Orders accepted: 6, recounted 7',
        'Orders stale: 1, recounted 0',
        expect.stringMatching(/^user u-1, touch e-\d+: merchantId x, recounted m$/),
      ]),
    );
  });

  it('lets orders rest that were decided by other rules', async () => {
    await sendWorld();
    await region.close();
    region = await open({ attribution: { models: ['first_touch'], merchantMatch: 'same' } });
    await sendOrders(order('o-6', 'u-1'));
    const { exact, orders } = await audit();
    expect({ exact, equal: orders.ordersEqual, rest: orders.ordersNotRecounted }).toEqual({
      exact: true,
      equal: 1,
      rest: 5,
    });
  });

  it('lets an order rest that has changed hands once no touch could change it', async () => {
    await sendWorld();
    const { orderTime } = order('', '') as { orderTime: number };
    now += 4 * DAY_MS;
    await sendOrders(
      order('o-1', 'u-2', { orderTime, orderVersion: 2, merchantId: 'n' }),
      order('o-2', 'u-2', { orderTime, orderVersion: 2, amountMicros: 6 }),
    );
    const { exact, orders } = await audit();
    expect({ exact, rest: orders.ordersNotRecounted, differences: orders.differences }).toEqual({
      exact: true,
      rest: 1,
      differences: [],
    });
  });

  it('forgets the orders that the region has let go of', async () => {
    await sendWorld();
    const { orderTime } = order('', '') as { orderTime: number };
    now += 31 * DAY_MS;
    await sendOrders(order('o-7', 'u-1'), order('o-1', 'u-1', { orderTime, orderVersion: 9 }));
    const { exact, orders, books: own } = await audit();
    expect({ exact, equal: orders.ordersEqual, late: own.orders.verdicts.late }).toEqual({
      exact: true,
      equal: 1,
      late: 1,
    });
  });

  it('recounts what the rest of a log still tells', async () => {
    for (let day = 0; day < 6; day++) {
      await fill();
      await sendOrders(order(`o-${day}`, 'u-1'), order(`p-${day}`, 'nobody'));
      await region.snapshot();
      now += DAY_MS;
    }
    const { exact, orders, recount } = await audit();
    expect(recount.completeFrom).toBeGreaterThan(0);
    // With `linear`, touches from before the log may have had a share.
    expect({ exact, verdicts: orders.verdictsCompared, differences: orders.differences }).toEqual({
      exact: true,
      verdicts: false,
      differences: [],
    });
    expect(orders.ordersNotRecounted).toBe(12);
    const lie = without(isOf('o-0', 'linear', 1), { creditMicros: 0 });
    const falsified = await audit(books({ changedOrders: lie }));
    expect(falsified.orders.differences).toEqual([
      expect.stringMatching(/^order o-0 by linear: the credits sum to \d+, not to 1000001$/),
    ]);
  });

  it('recounts an order whose winner stands in the rest of a log', async () => {
    const config: PipelineConfig = { attribution: { models: ['last_touch'] } };
    await region.close();
    region = await open(config);
    for (let day = 0; day < 6; day++) {
      await fill();
      await sendOrders(order(`o-${day}`, 'u-1'), order(`p-${day}`, 'nobody'));
      await region.snapshot();
      now += DAY_MS;
    }
    const { exact, orders, recount } = await audit(books(), config);
    expect(recount.completeFrom).toBeGreaterThan(NOON + DAY_MS);
    expect({ exact, rest: orders.ordersNotRecounted + orders.ordersEqual }).toEqual({
      exact: true,
      rest: 12,
    });
    expect(orders.ordersEqual).toBeGreaterThan(0);
  });
});
