/** Queries to begin with. Times of the views read as UTC. */
export const SQL_EXAMPLES: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: 'By hour',
    sql: `SELECT start_time, currency, SUM(impressions) AS impressions, SUM(clicks) AS clicks, SUM(cost_micros) AS cost_micros
FROM warehouse.ad_hours
GROUP BY ALL ORDER BY start_time DESC, currency LIMIT 48`,
  },
  {
    title: 'By 6 hours',
    sql: `SELECT start_time, campaign_id, currency, SUM(impressions) AS impressions, SUM(clicks) AS clicks, SUM(cost_micros) AS cost_micros
FROM warehouse.ad_6h
GROUP BY ALL ORDER BY start_time DESC, cost_micros DESC LIMIT 100`,
  },
  {
    title: 'Regions',
    sql: `SELECT region, COUNT(*) AS records, SUM(impressions) AS impressions, SUM(clicks) AS clicks
FROM reporting.ad_minutes
GROUP BY ALL ORDER BY region`,
  },
  {
    title: 'Orders',
    sql: `SELECT outcome, reason, currency, COUNT(DISTINCT order_id) AS orders, SUM(credit_micros) AS credit_micros
FROM reporting.attributed_orders
WHERE model = 'last_touch'
GROUP BY ALL ORDER BY orders DESC`,
  },
];

/** Every table and view, with its columns. */
export const TABLES_SQL = 'SHOW ALL TABLES';
