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
  return sumsOfRows(answer.resultTable?.rows ?? []);
}

/** Rows of region, impressions and clicks, whole numbers or their texts. */
export function sumsOfRows(rows: readonly (readonly unknown[])[]): Record<string, Sums> {
  return Object.fromEntries(
    rows.map(([region, impressions, clicks]) => [
      String(region),
      { impressions: Number(impressions), clicks: Number(clicks) },
    ]),
  );
}
