import { assert } from '../../base/assert.ts';
import type { BucketRun, BucketRuns } from '../../reporting/bucket-runs.ts';
import type { FigureGroup, FiguresQuery } from '../../reporting/figures.ts';
import type { CampaignAttributes } from '../../union-load/ports.ts';
import { textLiteral } from './sql-literal.ts';

/** Most groups of one statement: more would be cut off, and the figures with them. */
export const GROUPS_MAX = 1_000_000;

/** What a column of an answer holds, in the order of the columns. */
export type FigureColumn =
  | 'key'
  | 'start'
  | 'currency'
  | 'orderId'
  | 'impressions'
  | 'clicks'
  | 'costMicros'
  | 'orders'
  | 'revenueMicros';

/** One SELECT, the columns that it gives, and the period that it is of. */
export interface FiguresStatement {
  readonly sql: string;
  readonly columns: readonly FigureColumn[];
  readonly isPrevious: boolean;
}

/** By which column of the records a group is found; what belongs to the campaign is looked up after that. */
const KEY_COLUMNS: Readonly<Record<FigureGroup, string | undefined>> = {
  ad: 'ad_id',
  campaign: 'campaign_id',
  advertiser: 'advertiser_id',
  merchant: 'campaign_id',
  placement: 'campaign_id',
  total: undefined,
};

/**
 * SUM adds doubles, which are exact up to 2^53 only; SUMPRECISION adds decimals. There is no ORDER BY: Pinot would drop groups
 * early that it takes for small ones.
 */
const SUMS = {
  impressions: 'SUMPRECISION(impressions)',
  clicks: 'SUMPRECISION(clicks)',
  costMicros: 'SUMPRECISION(cost_micros)',
  orders: 'DISTINCTCOUNT(order_id)',
  revenueMicros: 'SUMPRECISION(credit_micros)',
} as const;
type SumColumn = keyof typeof SUMS;

interface Period {
  readonly isPrevious: boolean;
  readonly from: number;
  readonly to: number;
  /** Added to a time to find its bucket. */
  readonly shiftMs: number;
}

/** The statements whose answers, added up, are the figures; none when nothing can be in them. */
export function figuresStatements(
  query: FiguresQuery,
  { runs }: BucketRuns,
  campaigns: readonly CampaignAttributes[],
): readonly FiguresStatement[] {
  const wanted = filterSql(query, campaigns);
  if (wanted === undefined) return [];
  const isOfCampaign = query.by === 'merchant' || query.by === 'placement';
  return periodsOf(query).flatMap((period) => {
    const statement = statementOf(query, runs, period);
    return [
      statement('ad_minutes', '"minute"', wanted, ['impressions', 'clicks', 'costMicros']),
      statement(
        'attributed_orders',
        'order_time',
        ` AND model = ${textLiteral(query.model)} AND credit_micros > 0 AND ad_id <> ''${wanted}`,
        // An order of several campaigns of one merchant counts once: there its id must be known.
        isOfCampaign ? ['orderId', 'revenueMicros'] : ['orders', 'revenueMicros'],
      ),
    ];
  });
}

function periodsOf({ from, to, comparesPrevious }: FiguresQuery): Period[] {
  const now = { isPrevious: false, from, to, shiftMs: 0 };
  const length = to - from;
  return comparesPrevious
    ? [now, { isPrevious: true, from: from - length, to: from, shiftMs: length }]
    : [now];
}

function statementOf(query: FiguresQuery, runs: readonly BucketRun[], period: Period) {
  return (
    table: string,
    time: string,
    wanted: string,
    figures: readonly (SumColumn | 'orderId')[],
  ): FiguresStatement => {
    const key = KEY_COLUMNS[query.by];
    const groups: (readonly [FigureColumn, string])[] = [
      ...(key === undefined ? [] : ([['key', key]] as const)),
      ...(query.granularity === 'range' ? [] : ([['start', bucketSql(time, period, runs)]] as const)),
      ['currency', 'currency'],
      ...(figures.includes('orderId') ? ([['orderId', 'order_id']] as const) : []),
    ];
    const sums = figures.filter((name): name is SumColumn => name !== 'orderId');
    const grouped = groups.map(([, sql]) => sql);
    const sql =
      `SELECT ${[...grouped, ...sums.map((name) => SUMS[name])].join(', ')} FROM ${table}` +
      ` WHERE ${time} >= ${wholeNumber(period.from)} AND ${time} < ${wholeNumber(period.to)}${wanted}` +
      ` GROUP BY ${grouped.join(', ')} LIMIT ${GROUPS_MAX + 1}`;
    return { sql, columns: [...groups.map(([name]) => name), ...sums], isPrevious: period.isPrevious };
  };
}

/** The start of the bucket that holds the time. Pinot computes in doubles; FLOOR of a quotient of times is exact in them. */
function bucketSql(column: string, { shiftMs }: Period, runs: readonly BucketRun[]): string {
  const time = shiftMs === 0 ? column : `(${column} + ${wholeNumber(shiftMs)})`;
  const startIn = ({ start, widthMs }: BucketRun): string => {
    const [first, width] = [wholeNumber(start), wholeNumber(widthMs)];
    return `${first} + FLOOR((${time} - ${first}) / ${width}) * ${width}`;
  };
  if (runs.length === 1) return `CAST(${startIn(runs[0])} AS LONG)`;
  const cases = runs.map((run) =>
    run.end === Infinity
      ? `ELSE ${startIn(run)}`
      : `WHEN ${time} < ${wholeNumber(run.end)} THEN ${startIn(run)}`,
  );
  return `CAST(CASE ${cases.join(' ')} END AS LONG)`;
}

/** What rows must meet, beginning with AND; undefined when none can. */
function filterSql({ filter }: FiguresQuery, campaigns: readonly CampaignAttributes[]): string | undefined {
  const { adId, campaignId, advertiserId, currency, merchantId, placement } = filter;
  const equal = { ad_id: adId, campaign_id: campaignId, advertiser_id: advertiserId, currency };
  const conditions = Object.entries(equal).flatMap(([column, value]) =>
    value === undefined ? [] : [` AND ${column} = ${textLiteral(value)}`],
  );
  if (merchantId !== undefined || placement !== undefined) {
    const ids = campaigns
      .filter((campaign) => merchantId === undefined || campaign.merchantId === merchantId)
      .filter((campaign) => placement === undefined || campaign.placement === placement)
      .map((campaign) => textLiteral(campaign.campaignId));
    if (ids.length === 0) return undefined;
    conditions.push(` AND campaign_id IN (${ids.join(', ')})`);
  }
  return conditions.join('');
}

function wholeNumber(value: number): string {
  assert(Number.isSafeInteger(value), `${value} is a whole number`);
  return String(value);
}
