import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ReportingStore } from '../../../src/adapters/reporting-store/reporting-store.ts';
import { ATTRIBUTION_MODELS } from '../../../src/model/attributed-order.ts';
import {
  FIGURE_GROUPS,
  FIGURE_ORDERS,
  type FigureOrder,
  type FiguresQuery,
  type FoundFigures,
} from '../../../src/reporting/figures.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import type { CampaignAttributes } from '../../../src/union-load/ports.ts';
import { naiveFigures, type NaiveRow } from './naive-figures.ts';
import { drawAdMinute, drawOrder, NaiveStore, type RecordSpace } from './record-world.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const DAYS = 8;
const QUERIES = 60;
/** A few days before clocks change somewhere. */
const BEGINNINGS = ['2026-03-26T11:00Z', '2026-10-22T05:00Z', '2026-03-05T20:00Z', '2026-04-01T00:00Z'];
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
];
const CAMPAIGNS: readonly CampaignAttributes[] = [
  { campaignId: 'campaign-0', merchantId: 'shop-1', placement: 'top' },
  { campaignId: 'campaign-1', merchantId: 'shop-1', placement: null },
  { campaignId: 'campaign-2', merchantId: null, placement: 'top' },
  { campaignId: 'campaign-3', merchantId: 'shop-2', placement: 'side' },
];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-figures-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function filled(random: SeededRandom, space: RecordSpace): Promise<[ReportingStore, NaiveStore]> {
  const store = await ReportingStore.open({
    directory,
    memoryBytes: 256 * 1024 * 1024,
    threads: 2,
    clusterRows: 500,
  });
  const naive = new NaiveStore();
  const end = { cursor: 'c', caughtUp: true, asOf: 1, finalBefore: 0 };
  const minutes = { records: Array.from({ length: 4000 }, () => drawAdMinute(random, space)), ...end };
  const orders = { records: Array.from({ length: 2000 }, () => drawOrder(random, space)), ...end };
  await store.load({ region: 'a', kind: 'ad-minutes' }, minutes);
  await store.cluster();
  naive.load({ region: 'a', kind: 'ad-minutes' }, minutes);
  await store.load({ region: 'a', kind: 'attributed-orders' }, orders);
  naive.load({ region: 'a', kind: 'attributed-orders' }, orders);
  await store.setCampaigns([{ campaignId: 'campaign-4', merchantId: 'gone', placement: 'gone' }]);
  await store.setCampaigns(CAMPAIGNS);
  return [store, naive];
}

function drawQuery(random: SeededRandom, { from, minutes }: RecordSpace): FiguresQuery {
  const end = from + minutes * 60_000;
  // Mostly not at whole minutes.
  const times = [from + random.below(end - from), from + random.below(end - from)].toSorted((a, b) => a - b);
  const maybe = (chance: number, ids: readonly string[]): string | undefined =>
    random.below(chance) === 0 ? random.pick(ids) : undefined;
  return {
    by: random.pick(FIGURE_GROUPS),
    granularity: random.pick(['range', 'minute', 'hour', '6h', 'day']),
    timezone: random.pick(ZONES),
    from: times[0],
    to: times[1] + 1,
    filter: {
      adId: maybe(6, ['ad-1', 'ad-2', 'none']),
      campaignId: maybe(6, ['campaign-1', 'campaign-2']),
      advertiserId: maybe(4, ['advertiser-0', 'advertiser-1']),
      merchantId: maybe(8, ['shop-1', 'shop-2']),
      placement: maybe(8, ['top', 'side']),
      currency: maybe(4, ['EUR', 'USD']),
    },
    model: random.pick(ATTRIBUTION_MODELS),
    comparesPrevious: random.below(2) === 0,
    order: random.pick(FIGURE_ORDERS),
    limit: random.pick([3, 100_000]),
  };
}

function compare<Value>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** By the order asked for, then by time, id and currency; ids by their bytes, none last. */
function inOrder(order: FigureOrder): (a: NaiveRow | FoundFigures, b: NaiveRow | FoundFigures) => number {
  return (a, b) =>
    (order === 'start' ? 0 : compare(b.sums[order], a.sums[order])) ||
    compare(a.start, b.start) ||
    compare(a.id === null ? 1 : 0, b.id === null ? 1 : 0) ||
    compare(a.id ?? '', b.id ?? '') ||
    compare(a.currency, b.currency);
}

describe(`figures equal those of a naive model, seed ${SEED}`, () => {
  test.for(BEGINNINGS)('in the days after %s', async (beginning) => {
    const random = new SeededRandom(SEED).fork(beginning);
    const space = { from: Date.parse(beginning), minutes: DAYS * 24 * 60, ads: 9, orders: 300 };
    const [store, naive] = await filled(random, space);
    let rows = 0;
    for (let n = 0; n < QUERIES; n++) {
      const query = drawQuery(random, space);
      const answer = await store.figures(query);
      const expected = naiveFigures(naive, CAMPAIGNS, query).toSorted(inOrder(query.order));
      const rowsWanted = expected.slice(0, query.limit);
      expect({ query, found: answer.found, rows: answer.rows }).toEqual({
        query,
        found: expected.length,
        rows: rowsWanted,
      });
      rows += answer.rows.length;
    }
    expect(rows).toBeGreaterThan(1000);
    await store.close();
  });
});

test('what cannot be answered is refused in words', async () => {
  const store = await ReportingStore.open({ directory, memoryBytes: 256 * 1024 * 1024, threads: 2 });
  const query = drawQuery(new SeededRandom(1), { from: 0, minutes: 1000, ads: 1, orders: 1 });
  const ask = (over: Partial<FiguresQuery>): Promise<unknown> => store.figures({ ...query, ...over });
  await expect(ask({ timezone: 'Mars/Olympus' })).rejects.toMatchObject({ code: 'bad_request' });
  await expect(ask({ from: 5, to: 5 })).rejects.toMatchObject({ code: 'bad_request' });
  await expect(ask({ granularity: 'hour', from: 0, to: 9e12 })).rejects.toMatchObject({
    code: 'bad_request',
  });
  await store.close();
});
