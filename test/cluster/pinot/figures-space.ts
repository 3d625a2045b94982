import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { ATTRIBUTION_MODELS, type AttributedOrder } from '../../../src/model/attributed-order.ts';
import {
  FIGURE_GROUPS,
  FIGURE_ORDERS,
  type FigureOrder,
  type FiguresQuery,
  type FoundFigures,
} from '../../../src/reporting/figures.ts';
import type { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import type { CampaignAttributes } from '../../../src/union-load/ports.ts';
import { naiveFigures, type NaiveRow } from '../../adapters/reporting-store/naive-figures.ts';
import {
  drawAdMinute,
  drawOrder,
  type NaiveStore,
  type RecordSpace,
} from '../../adapters/reporting-store/record-world.ts';

/** Ids that a query could trip over, for some of those that are drawn. */
const HARD_IDS: Readonly<Record<string, string>> = {
  'ad-1': "it's' OR 1=1 --",
  'ad-2': 'x OPTION(skipUpsert=true)',
  'ad-3': 'Köln 😀 日本 ｆｕｌｌ',
  'campaign-1': 'back\\slash\\0041 "quoted"',
  'campaign-2': "U&'x' ${HOME} $1 %s ;SET a=1;",
  'advertiser-1': 'null',
};
const hard = <Id extends string | null>(id: Id): Id => ((id !== null && HARD_IDS[id]) || id) as Id;

const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
];

export const CAMPAIGNS: readonly CampaignAttributes[] = [
  { campaignId: 'campaign-0', merchantId: 'shop-1', placement: 'top' },
  { campaignId: hard('campaign-1'), merchantId: 'shop-1', placement: null },
  { campaignId: hard('campaign-2'), merchantId: null, placement: 'top' },
  { campaignId: 'campaign-3', merchantId: 'shop-2', placement: 'side' },
];

export function drawHardMinute(random: SeededRandom, space: RecordSpace): AdMinute {
  const record = drawAdMinute(random, space);
  return { ...record, ...hardIds(record) };
}

export function drawHardOrder(random: SeededRandom, space: RecordSpace): AttributedOrder {
  const record = drawOrder(random, space);
  const creditMicros = record.creditMicros > 9e8 ? Number.MAX_SAFE_INTEGER : record.creditMicros;
  return { ...record, ...hardIds(record), creditMicros };
}

interface Ids<Id> {
  readonly adId: Id;
  readonly campaignId: Id;
  readonly advertiserId: Id;
}

function hardIds<Id extends string | null>({ adId, campaignId, advertiserId }: Ids<Id>): Ids<Id> {
  return { adId: hard(adId), campaignId: hard(campaignId), advertiserId: hard(advertiserId) };
}

export function drawQuery(random: SeededRandom, { from, minutes }: RecordSpace): FiguresQuery {
  const end = from + minutes * 60_000;
  const times = [from + random.below(end - from), from + random.below(end - from)].toSorted((a, b) => a - b);
  const maybe = (chance: number, ids: readonly string[]): string | undefined =>
    random.below(chance) === 0 ? hard(random.pick(ids)) : undefined;
  return {
    by: random.pick(FIGURE_GROUPS),
    granularity: random.pick(['range', 'minute', 'hour', '6h', 'day']),
    timezone: random.pick(ZONES),
    from: times[0],
    to: times[1] + 1,
    filter: {
      adId: maybe(6, ['ad-1', 'ad-2', 'ad-3', 'none']),
      campaignId: maybe(6, ['campaign-1', 'campaign-2']),
      advertiserId: maybe(4, ['advertiser-0', 'advertiser-1']),
      merchantId: maybe(8, ['shop-1', 'shop-2', 'none']),
      placement: maybe(8, ['top', 'side']),
      currency: maybe(4, ['EUR', 'USD']),
    },
    model: random.pick(ATTRIBUTION_MODELS),
    comparesPrevious: random.below(2) === 0,
    order: random.pick(FIGURE_ORDERS),
    limit: random.pick([3, 100_000]),
  };
}

/** What a query must answer, by adding up record by record. */
export function expectedFigures(
  naive: NaiveStore,
  query: FiguresQuery,
): { found: number; rows: readonly NaiveRow[] } {
  const rows = naiveFigures(naive, CAMPAIGNS, query).toSorted(inOrder(query.order));
  return { found: rows.length, rows: rows.slice(0, query.limit) };
}

function inOrder(order: FigureOrder): (a: NaiveRow | FoundFigures, b: NaiveRow | FoundFigures) => number {
  return (a, b) =>
    (order === 'start' ? 0 : compare(b.sums[order], a.sums[order])) ||
    compare(a.start, b.start) ||
    compare(a.id === null ? 1 : 0, b.id === null ? 1 : 0) ||
    Buffer.compare(Buffer.from(a.id ?? ''), Buffer.from(b.id ?? '')) ||
    compare(a.currency, b.currency);
}

function compare<Value>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
