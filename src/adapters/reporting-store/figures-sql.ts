import type { BucketRun, BucketRuns } from '../../reporting/bucket-runs.ts';
import type {
  FigureGroup,
  FigureName,
  FigureOrder,
  FiguresFilter,
  FiguresQuery,
} from '../../reporting/figures.ts';

/** A statement and the texts it is given; numbers stand in it, or they would be compared as doubles. */
export interface Statement {
  readonly sql: string;
  readonly values: Readonly<Record<string, string>>;
}

const FILTER_COLUMNS: Readonly<Record<keyof FiguresFilter, string>> = {
  adId: 'ad_id',
  campaignId: 'campaign_id',
  advertiserId: 'advertiser_id',
  merchantId: 'merchant_id',
  placement: 'placement',
  currency: 'currency',
};
const OF_CAMPAIGN: ReadonlySet<string> = new Set(['merchantId', 'placement']);

/** By which column of the records a group is found; what belongs to the campaign is looked up after that. */
const KEY_COLUMNS: Readonly<Record<FigureGroup, string>> = {
  ad: 'ad_id',
  campaign: 'campaign_id',
  advertiser: 'advertiser_id',
  merchant: 'campaign_id',
  placement: 'campaign_id',
  total: 'NULL::VARCHAR',
};

export const SUM_COLUMNS: Readonly<Record<FigureName, string>> = {
  impressions: 'impressions',
  clicks: 'clicks',
  costMicros: 'cost_micros',
  orders: 'orders',
  revenueMicros: 'revenue_micros',
};

/** Sums of each group, bucket and currency, and those of the period before where asked for. */
export function figuresStatement(query: FiguresQuery, { runs }: BucketRuns): Statement {
  const { by, filter, model, order, limit } = query;
  const isOfCampaign = by === 'merchant' || by === 'placement';
  const id = isOfCampaign ? (by === 'merchant' ? 'campaigns.merchant_id' : 'campaigns.placement') : 'key';
  const join = isOfCampaign ? 'LEFT JOIN campaigns ON campaigns.campaign_id = key' : '';
  const wanted = filterSql(filter);
  const sql = `
WITH minutes AS (
  SELECT ${KEY_COLUMNS[by]} AS key, ${bucketSql('minute', query, runs)} AS start, ${periodSql('minute', query)} AS period,
    currency, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(cost_micros) AS cost_micros
  FROM ad_minutes WHERE ${rangeSql('minute', query)}${wanted} GROUP BY 1, 2, 3, 4),
credits AS (
  SELECT ${KEY_COLUMNS[by]} AS key, ${bucketSql('order_time', query, runs)} AS start,
    ${periodSql('order_time', query)} AS period, currency, order_id, credit_micros
  FROM attributed_orders
  WHERE ${rangeSql('order_time', query)} AND model = $model AND credit_micros > 0 AND ad_id IS NOT NULL${wanted}),
parts AS (
  SELECT ${id} AS id, start, period, currency, sum(impressions) AS impressions, sum(clicks) AS clicks,
    sum(cost_micros) AS cost_micros, 0 AS orders, 0 AS revenue_micros
  FROM minutes ${join} GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT ${id} AS id, start, period, currency, 0, 0, 0, count(DISTINCT order_id), sum(credit_micros)
  FROM credits ${join} GROUP BY 1, 2, 3, 4)
SELECT id, start, currency, ${sumsSql(0)}, ${sumsSql(1)}, count(*) OVER () AS found
FROM parts GROUP BY id, start, currency
ORDER BY ${orderSql(order)} LIMIT ${limit}`;
  const texts = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { sql, values: { model, ...Object.fromEntries(texts) } };
}

function sumsSql(period: 0 | 1): string {
  const suffix = period === 0 ? '' : '_before';
  return Object.values(SUM_COLUMNS)
    .map((name) => `coalesce(sum(${name}) FILTER (period = ${period}), 0)::HUGEINT AS ${name}${suffix}`)
    .join(', ');
}

/** From `from` to `to`, and as long before that where it is compared. */
function rangeSql(time: string, { from, to, comparesPrevious }: FiguresQuery): string {
  return `${time} >= ${comparesPrevious ? from - (to - from) : from} AND ${time} < ${to}`;
}

function periodSql(time: string, { from, comparesPrevious }: FiguresQuery): string {
  return comparesPrevious ? `CASE WHEN ${time} < ${from} THEN 1 ELSE 0 END` : '0';
}

/** The start of the bucket that holds the time; a time of the period before counts as one that is as much later. */
function bucketSql(
  column: string,
  { from, to, comparesPrevious }: FiguresQuery,
  runs: readonly BucketRun[],
): string {
  const time = comparesPrevious
    ? `(CASE WHEN ${column} < ${from} THEN ${column} + ${to - from} ELSE ${column} END)`
    : column;
  const startIn = ({ start, widthMs }: BucketRun): string =>
    `${start} + (${time} - ${start}) // ${widthMs} * ${widthMs}`;
  if (runs.length === 1) return `(${startIn(runs[0])})::BIGINT`;
  const cases = runs.map((run) =>
    run.end === Infinity ? `ELSE ${startIn(run)}` : `WHEN ${time} < ${run.end} THEN ${startIn(run)}`,
  );
  return `(CASE ${cases.join(' ')} END)::BIGINT`;
}

function filterSql(filter: FiguresFilter): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return given
    .map(([name]) => {
      const column = FILTER_COLUMNS[name as keyof FiguresFilter];
      if (!OF_CAMPAIGN.has(name)) return ` AND ${column} = $${name}`;
      return ` AND campaign_id IN (SELECT campaign_id FROM campaigns WHERE ${column} = $${name})`;
    })
    .join('');
}

function orderSql(order: FigureOrder): string {
  const first = order === 'start' ? '' : `${SUM_COLUMNS[order]} DESC, `;
  return `${first}start, id NULLS LAST, currency`;
}
