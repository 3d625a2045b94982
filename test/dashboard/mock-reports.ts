import type { Figures, FiguresAnswer, FiguresRow } from '../../src/dashboard/answers/figures-answer.ts';
import type { DemoRegion, StoreStatus, StoresAnswer } from '../../src/dashboard/answers/region-answers.ts';
import { TimeBuckets } from '../../src/reporting/time-buckets.ts';

const HOUR_MS = 3_600_000;
/** What is older than this is final. */
const FINAL_AFTER_MS = 6 * HOUR_MS;

/** Rows for each bucket asked for; nobody called "none" has any. */
export function mockFiguresReport(query: URLSearchParams, now: number): FiguresAnswer {
  const [from, to] = [Date.parse(query.get('from')!), Date.parse(query.get('to')!)];
  const timezone = query.get('timezone')!;
  const granularity = query.get('granularity') as FiguresAnswer['granularity'];
  const isCompared = query.get('compare') === 'previous';
  const starts =
    granularity === 'range' ? [from] : [...new TimeBuckets(granularity, timezone).startsBetween(from, to)];
  const ids = query.get('advertiserId') === 'none' ? [] : idsOf(query.get('by')!);
  const rows = starts.flatMap((start) =>
    ids.flatMap((id, rank) =>
      ['EUR', 'USD'].map((currency, index): FiguresRow => {
        const end = granularity === 'range' ? to : start + HOUR_MS;
        const weight = (end - start) / HOUR_MS / (rank + 1) / (index + 1);
        return {
          start: new Date(start).toISOString(),
          id,
          currency,
          ...mockFigures(start, weight),
          final: end < now - FINAL_AFTER_MS,
          ...(isCompared ? { change: CHANGE } : {}),
        };
      }),
    ),
  );
  const asOf = new Date(now).toISOString();
  return { granularity, timezone, from: new Date(from).toISOString(), rows, found: rows.length, asOf };
}

const CHANGE = {
  impressions: 0.124,
  clicks: -0.031,
  ctr: -0.138,
  costMicros: 0.1,
  orders: null,
  revenueMicros: 0,
  roas: 0.05,
};

function idsOf(by: string): (string | null)[] {
  return by === 'total' ? [null] : [1, 2, 3].map((n) => `${by}-${n}`);
}

function mockFigures(start: number, weight: number): Figures {
  const impressions = Math.round((4000 + 2500 * Math.sin(start / HOUR_MS / 3)) * weight);
  const clicks = Math.round(impressions * (0.012 + 0.004 * Math.sin(start / HOUR_MS)));
  const costMicros = impressions * 1850;
  const orders = Math.round(clicks / 9);
  const revenueMicros = orders * 23_500_000;
  return {
    impressions,
    clicks,
    ctr: impressions === 0 ? null : clicks / impressions,
    costMicros,
    orders,
    revenueMicros,
    roas: costMicros === 0 ? null : revenueMicros / costMicros,
  };
}

/** Stores that follow both regions, with more records at each tick. */
export function mockStores(tick: number): StoresAnswer {
  return { reporting: mockStore('reporting', tick), warehouse: mockStore('warehouse', tick) };
}

export function mockStore(sink: string, tick: number): StoreStatus {
  const feeds = ['a', 'b'].flatMap((region) =>
    ['ad-minutes', 'attributed-orders'].map((kind) => ({
      region,
      kind,
      sink,
      caughtUp: region === 'a',
      lagMs: region === 'a' ? 0 : 840,
      records: 48_000 + tick * 90,
      error: null,
    })),
  );
  return { state: 'running', error: null, feeds };
}

export function mockBudgetFeeds(tick: number): unknown[] {
  return ['a', 'b'].map((region) => ({
    region,
    state: 'running',
    error: region === 'a' ? null : 'The region does not answer: connection refused.',
    caughtUp: region === 'a',
    lagMs: region === 'a' ? 0 : 12_400,
    charged: 900 + tick * 4,
  }));
}

export function mockDemo(url: string): DemoRegion[] {
  return [
    { region: 'a', url, state: 'up', restartAt: null },
    { region: 'b', url: 'http://127.0.0.1:9', state: 'up', restartAt: null },
  ];
}

const MOST = '9223372036854775807';

/** The text of an answer: JSON.stringify cannot write a whole number past 2^53. */
export function mockSql(sql: string): { status: number; text: string } {
  if (sql.startsWith('SHOW ALL TABLES')) {
    const columns = ['database', 'schema', 'name', 'column_names', 'column_types', 'temporary'];
    const row = ['reporting', 'main', 'ad_minutes', ['region', 'clicks'], ['VARCHAR', 'BIGINT'], false];
    return answerOf(
      columns.map((name) => ({ name, type: 'VARCHAR' })),
      JSON.stringify([row]),
    );
  }
  if (sql.includes('GROUP BY region')) {
    const columns = [
      { name: 'region', type: 'VARCHAR' },
      { name: 'events', type: 'HUGEINT' },
    ];
    return answerOf(columns, '[["a",72000],["b",64800]]');
  }
  if (sql.includes('nonsense')) {
    const detail =
      'Catalog Error: Table with name nonsense does not exist!\nDid you mean "reporting.ad_minutes"?';
    return { status: 400, text: JSON.stringify({ status: 400, title: 'Bad query', detail }) };
  }
  const columns = [
    { name: 'ad_id', type: 'VARCHAR' },
    { name: 'big', type: 'BIGINT' },
    { name: 'share', type: 'DOUBLE' },
  ];
  return answerOf(columns, `[["=1+1",${MOST},0.5],["b",2,null]]`, true);
}

function answerOf(
  columns: readonly { name: string; type: string }[],
  rows: string,
  truncated = false,
): { status: number; text: string } {
  return {
    status: 200,
    text: `{"columns":${JSON.stringify(columns)},"rows":${rows},"truncated":${truncated},"ms":12}`,
  };
}
