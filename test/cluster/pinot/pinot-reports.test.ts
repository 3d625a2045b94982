import { describe, expect, test } from 'vitest';
import { parseExactJson } from '../../../src/client/exact-answer.ts';
import { PinotReports, type PinotReportsOptions } from '../../../src/cluster/pinot/pinot-reports.ts';
import type { PinotBroker, PinotCell } from '../../../src/cluster/pinot/ports.ts';
import { AdtallyError } from '../../../src/base/errors.ts';
import type { FiguresQuery } from '../../../src/reporting/figures.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { NaiveStore, type RecordSpace } from '../../adapters/reporting-store/record-world.ts';
import { DuckBroker } from './duck-broker.ts';
import { CAMPAIGNS, drawHardMinute, drawHardOrder, drawQuery, expectedFigures } from './figures-space.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const BEGINNINGS = ['2026-03-26T11:00Z', '2026-10-22T05:00Z', '2026-03-05T20:00Z', '2026-04-01T00:00Z'];
const QUERIES = 60;
const END = { cursor: 'c', caughtUp: true, asOf: 1, finalBefore: 0 };
const QUERY: FiguresQuery = {
  by: 'ad',
  granularity: 'range',
  timezone: 'UTC',
  from: 1_790_000_000_000,
  to: 1_790_086_400_000,
  filter: {},
  model: 'last_touch',
  comparesPrevious: false,
  order: 'start',
  limit: 10,
};

function reportsFrom(broker: PinotBroker, more: Partial<PinotReportsOptions> = {}): PinotReports {
  return new PinotReports({
    broker,
    regions: ['a', 'b'],
    campaigns: () => Promise.resolve(CAMPAIGNS),
    progress: () => Promise.resolve(null),
    heldFrom: () => 0,
    ...more,
  });
}

/** Answers every statement over ad minutes with these rows, and every other one with nothing. */
function fixed(rows: readonly (readonly PinotCell[])[]): PinotBroker {
  return {
    query: (sql) =>
      Promise.resolve({
        rows: sql.includes('FROM ad_minutes') ? rows : [],
        totalDocs: 1,
        openSegments: 1,
        ms: 1,
      }),
  };
}

describe(`figures from Pinot’s SQL equal those of a naive model, seed ${SEED}`, () => {
  test.for(BEGINNINGS)('in the days after %s', async (beginning) => {
    const random = new SeededRandom(SEED).fork(beginning);
    const space: RecordSpace = { from: Date.parse(beginning), minutes: 8 * 24 * 60, ads: 9, orders: 300 };
    const naive = new NaiveStore();
    const minutes = Array.from({ length: 3000 }, () => drawHardMinute(random, space));
    const orders = Array.from({ length: 2000 }, () => drawHardOrder(random, space));
    naive.load({ region: 'a', kind: 'ad-minutes' }, { records: minutes, ...END });
    naive.load({ region: 'a', kind: 'attributed-orders' }, { records: orders, ...END });
    const broker = await DuckBroker.of(naive);
    const reports = reportsFrom(broker);
    let rows = 0;
    for (let n = 0; n < QUERIES; n++) {
      const query = drawQuery(random, space);
      const { found, rows: got } = await reports.find(query);
      expect({ query, found, rows: got }).toEqual({ query, ...expectedFigures(naive, query) });
      rows += got.length;
    }
    expect(rows).toBeGreaterThan(100);
    expect(broker.statements.filter((sql) => !/^[ -~]*$/.test(sql))).toEqual([]);
  });
});

test('a report has sums past 2^53 digit by digit, as JSON and as CSV', async () => {
  const reports = reportsFrom(fixed([['x', 'EUR', '3', '2', '18014398509481981']]));
  const json = await reports.figures(QUERY, 'json');
  expect(json).toContain('"costMicros":18014398509481981');
  expect(parseExactJson(json)).toMatchObject({ found: 1, asOf: null, rows: [{ id: 'x', final: false }] });
  expect(await reports.figures(QUERY, 'csv')).toContain(',18014398509481981,');
});

test('a report tells how far each region has come, where that is known', async () => {
  const at = QUERY.to + 5000;
  const loaded = [
    { region: 'a', asOf: at, finalBefore: QUERY.to, lagMs: 0 },
    { region: 'b', asOf: at - 1000, finalBefore: QUERY.to, lagMs: 250 },
  ];
  const cells = fixed([['x', 'EUR', '3', '2', '1']]);
  const reports = reportsFrom(cells, { progress: () => Promise.resolve(loaded) });
  expect(JSON.parse(await reports.figures(QUERY, 'json'))).toMatchObject({
    rows: [{ final: true }],
    asOf: '2026-09-22T14:13:24.000Z',
    regions: [
      { region: 'a', lagMs: 0 },
      { region: 'b', lagMs: 250 },
    ],
  });
});

test('a merchant without campaigns has no figures, and Pinot is not asked', async () => {
  const broker = fixed([['x', 'EUR', '3', '2', '1']]);
  const reports = reportsFrom({
    query: (sql) => Promise.reject(new Error(`asked: ${sql}`) satisfies Error),
  });
  const query = { ...QUERY, filter: { merchantId: 'nobody' } };
  expect(await reports.find(query)).toEqual({ rows: [], found: 0, regions: [] });
  expect((await reportsFrom(broker).find(QUERY)).found).toBe(1);
});

test('campaigns are asked for by none but who needs them', async () => {
  const gone = new AdtallyError('cluster_unreachable', 'PostgreSQL is away.');
  const reports = reportsFrom(fixed([['x', 'EUR', '3', '2', '1']]), {
    campaigns: () => Promise.reject(gone),
  });
  expect((await reports.find(QUERY)).found).toBe(1);
  const byOthers = [
    { by: 'merchant' },
    { by: 'placement' },
    { filter: { merchantId: 'm' } },
    { filter: { placement: 'p' } },
  ] as const;
  for (const other of byOthers)
    await expect(reports.find({ ...QUERY, ...other })).rejects.toMatchObject({ code: 'cluster_unreachable' });
});

describe('what would be a part of the figures is refused', () => {
  test('a period of before what Pinot holds', async () => {
    const reports = reportsFrom(fixed([]), { heldFrom: () => QUERY.from });
    await reports.find(QUERY);
    await expect(reports.find({ ...QUERY, from: QUERY.from - 1 })).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(reports.find({ ...QUERY, comparesPrevious: true })).rejects.toThrow(/period before/);
  });

  test('more groups than a statement may have', async () => {
    const rows = new Proxy([], { get: (_, name) => (name === 'length' ? 1_000_001 : undefined) });
    await expect(reportsFrom(fixed(rows)).find(QUERY)).rejects.toMatchObject({ code: 'capacity' });
  });

  test('a sum that is not exact', async () => {
    await expect(reportsFrom(fixed([['x', 'EUR', '3', '2', 1.5e20]])).find(QUERY)).rejects.toThrow(
      /a sum is a whole number/,
    );
  });
});

test('the status says why Pinot does not answer', async () => {
  expect(await reportsFrom(fixed([])).status()).toMatchObject({ state: 'running', error: null });
  const gone = new AdtallyError('reporting_unavailable', 'Pinot is away.');
  const status = await reportsFrom({ query: () => Promise.reject(gone) }).status();
  expect(status).toMatchObject({ state: 'failing', error: 'Pinot is away.' });
  expect(status.feeds).toHaveLength(4);
});

test('what only a reporting store has is refused in words', async () => {
  const reports = reportsFrom(fixed([]));
  await expect(reports.sql()).rejects.toMatchObject({ code: 'reporting_unavailable' });
  await expect(reports.records()).rejects.toMatchObject({ code: 'reporting_unavailable' });
});
