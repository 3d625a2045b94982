import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPinotReports } from '../../../src/adapters/pinot/open-pinot-reports.ts';
import { HttpPinotBroker } from '../../../src/adapters/pinot/pinot-broker.ts';
import { HttpPinotController } from '../../../src/adapters/pinot/pinot-controller.ts';
import { ReportingStore } from '../../../src/adapters/reporting-store/reporting-store.ts';
import { AdtallyError } from '../../../src/base/errors.ts';
import { applyPinot } from '../../../src/cluster/pinot/pinot-apply.ts';
import type { PinotReports } from '../../../src/cluster/pinot/pinot-reports.ts';
import { pinotTables, type PinotTable } from '../../../src/cluster/render/pinot-tables.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { FiguresQuery } from '../../../src/reporting/figures.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import type { RecordKind, RecordKinds } from '../../../src/union-load/ports.ts';
import { NaiveStore, type RecordSpace } from '../../adapters/reporting-store/record-world.ts';
import { LoadTopics } from '../load-topics.ts';
import {
  CAMPAIGNS,
  drawHardMinute,
  drawHardOrder,
  drawQuery,
  expectedFigures,
} from '../pinot/figures-space.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

/** Pinot itself, with the tables rendered for 0.11: it must hold no records yet. */
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const SEGMENT_ROWS = 1500;
const QUERIES = Number(process.env['ADTALLY_QUERIES'] ?? 150);
const END = { cursor: 'c', caughtUp: true, asOf: 1, finalBefore: 0 };
/** Over a change of the clocks in Europe; some of them to come, none of them past what is held. */
const SPACE: RecordSpace = {
  from: Math.floor(Date.now() / 86_400_000) * 86_400_000 - 12 * 86_400_000,
  minutes: 8 * 24 * 60,
  ads: 9,
  orders: 300,
};
const TABLES = { 'ad-minutes': 'ad_minutes', 'attributed-orders': 'attributed_orders' } as const;

const cluster = await sharedCluster();
const [[regionName, region]] = Object.entries(cluster.addresses.regions);
const [controllerUrl, brokerUrl] = [region.pinotController!, region.pinotBroker!];
const random = new SeededRandom(SEED);
const naive = new NaiveStore();
const topics = new LoadTopics(region.kafka, regionName);
const controller = new HttpPinotController({ url: controllerUrl, timeoutMs: 20_000 });
const broker = new HttpPinotBroker({ url: brokerUrl, timeoutMs: 20_000, groupsMax: 1_000_000 });
const reports: PinotReports = openPinotReports({
  brokerUrl,
  regions: ['a', 'b'],
  campaigns: () => Promise.resolve(CAMPAIGNS),
  progress: () => Promise.resolve(null),
  heldFrom: () => 0,
});
let directory: string;
let store: ReportingStore;
let wanted: readonly PinotTable[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-pinot-'));
  store = await ReportingStore.open({ directory, memoryBytes: 256 * 1024 * 1024, threads: 1 });
  await store.setCampaigns(CAMPAIGNS);
  await topics.open();
  const spec = resolveSpec({ regions: [regionName] }, { environment: {}, flags: {} });
  const options = { region: regionName, kafka: region.kafka, replication: 1, segmentRows: SEGMENT_ROWS };
  wanted = pinotTables(spec, { ...options, dialect: '0.11' });
  await applyPinot(controller, wanted);
  for (const kind of ['ad-minutes', 'attributed-orders'] as const) await quiet(kind);
}, 120_000);

afterAll(async () => {
  await topics.close();
  await store?.close();
  await rm(directory, { recursive: true });
});

/** Waits until as many rows are in Pinot as were committed, overwritten ones too. */
async function quiet(kind: RecordKind): Promise<void> {
  const deadline = performance.now() + 90_000;
  let seen: unknown;
  while (performance.now() < deadline) {
    seen = await rowsOf(kind);
    if (seen === topics.committed[kind]) return;
    await pause(100);
  }
  throw new Error(`Of ${topics.committed[kind]} rows of ${kind} Pinot has: ${String(seen)}.`);
}

/** Or why it does not say. */
async function rowsOf(kind: RecordKind): Promise<number | string> {
  try {
    const answer = await broker.query(`SELECT COUNT(*) FROM ${TABLES[kind]}`);
    return answer.openSegments === 2 ? answer.totalDocs : `open segments: ${answer.openSegments}`;
  } catch (error) {
    if (error instanceof AdtallyError) return error.message;
    throw error;
  }
}

/** Into Kafka, and what is committed into the other stores. */
async function load<Kind extends RecordKind>(
  kind: Kind,
  draw: () => RecordKinds[Kind],
  count: number,
): Promise<void> {
  const sent: RecordKinds[Kind][] = [];
  for (let left = count; left > 0;) {
    const size = Math.min(left, 1 + random.below(400));
    // Some come again, of any age.
    const records = Array.from({ length: size }, () =>
      sent.length > 0 && random.below(8) === 0 ? random.pick(sent) : draw(),
    );
    if (random.below(4) === 0) {
      const aborted = records.map((record) => ({ ...record, revision: 1000 + random.below(9) }));
      await topics.send(kind, aborted, 'abort');
      continue;
    }
    await topics.send(kind, records);
    const page = { records, ...END };
    naive.load({ region: 'a', kind }, page);
    await store.load({ region: 'a', kind }, page);
    sent.push(...records);
    left -= size;
  }
  await quiet(kind);
}

async function compareQueries(count: number): Promise<number> {
  let rows = 0;
  for (let n = 0; n < count; n++) {
    const query = drawQuery(random, SPACE);
    const answer = await reports.find(query);
    const inStore = await store.figures(query);
    expect({ query, found: answer.found, rows: answer.rows }).toEqual({
      query,
      ...expectedFigures(naive, query),
    });
    expect(inStore.rows).toEqual(answer.rows);
    rows += answer.rows.length;
  }
  return rows;
}

describe(`Pinot has the figures of the reporting store, seed ${SEED}`, () => {
  test('once it has its tables, which then are as they should be', async () => {
    expect(await applyPinot(controller, wanted)).toEqual([]);
    expect(await compareQueries(5)).toBe(0);
  });

  test('of records that come again, out of order, and of transactions that are aborted', async () => {
    await load('ad-minutes', () => drawHardMinute(random, SPACE), 8000);
    await load('attributed-orders', () => drawHardOrder(random, SPACE), 5000);
    expect(await compareQueries(QUERIES)).toBeGreaterThan(3000);
  }, 300_000);

  test('of sums past 2^53, to the last digit', async () => {
    const { rows } = await broker.query('SELECT SUMPRECISION(cost_micros), COUNT(*) FROM ad_minutes');
    const costs = [...naive.minutes.values()].map(({ costMicros }: AdMinute) => BigInt(costMicros));
    const sum = costs.reduce((a, b) => a + b, 0n);
    expect(sum).toBeGreaterThan(2n ** 60n);
    expect(rows).toEqual([[String(sum), naive.minutes.size]]);
  });

  test('of segments that were closed and opened again', async () => {
    for (const table of Object.values(TABLES)) await controller.forceCommit(table);
    await pause(1000);
    await load('ad-minutes', () => drawHardMinute(random, SPACE), 1000);
    await load('attributed-orders', () => drawHardOrder(random, SPACE), 1000);
    const segments = await controller.segments('ad_minutes');
    expect(segments.filter(({ states }) => Object.values(states).includes('ONLINE')).length).toBeGreaterThan(
      2,
    );
    expect(await compareQueries(QUERIES)).toBeGreaterThan(3000);
  }, 300_000);

  test('after its server was killed, and nothing less on the way there', async () => {
    const whole = { from: SPACE.from, to: SPACE.from + SPACE.minutes * 60_000, limit: 100_000 };
    const query: FiguresQuery = {
      ...drawQuery(random, SPACE),
      filter: {},
      comparesPrevious: false,
      ...whole,
    };
    const expected = expectedFigures(naive, query);
    let isBack = false;
    await cluster.kill(`pinot-${regionName}`);
    const heal = cluster.up().finally(() => (isBack = true));
    const refusals = new Set<string>();
    for (let wholeAfter = 0; wholeAfter < 20; await pause(20)) {
      const answer = await reports.find(query).catch((error: unknown) => {
        if (!(error instanceof AdtallyError)) throw error;
        refusals.add(error.message);
      });
      if (answer === undefined) continue;
      expect({ found: answer.found, rows: answer.rows }).toEqual(expected);
      if (isBack) wholeAfter++;
    }
    await heal;
    expect(refusals.size).toBeGreaterThan(0);
    for (const kind of ['ad-minutes', 'attributed-orders'] as const) await quiet(kind);
    await compareQueries(QUERIES);
  }, 300_000);
});
