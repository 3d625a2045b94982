export interface Sums {
  readonly impressions: number;
  readonly clicks: number;
}

interface BrokerAnswer {
  readonly resultTable?: { readonly rows: readonly (readonly [string, number, number])[] };
}

/** Sums of all ad minutes by region, in the order of their names, as the broker has them now; nothing while it does not answer. */
export async function pinotSums(broker: string): Promise<Record<string, Sums>> {
  const sql =
    'SELECT region, SUM(impressions), SUM(clicks) FROM ad_minutes GROUP BY region ORDER BY region LIMIT 10';
  const answer = await fetch(`${broker}/query/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql }),
  })
    .then((response) => response.json() as Promise<BrokerAnswer>)
    .catch((): BrokerAnswer => ({}));
  const rows = answer.resultTable?.rows ?? [];
  return Object.fromEntries(rows.map(([region, impressions, clicks]) => [region, { impressions, clicks }]));
}
