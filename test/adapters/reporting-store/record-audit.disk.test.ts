import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, recordsOf } from '../../../src/adapters/reporting-store/record-audit.ts';
import { RECORD_TABLES } from '../../../src/adapters/reporting-store/record-tables.ts';
import { ReportingStore } from '../../../src/adapters/reporting-store/reporting-store.ts';
import { DIGEST_FIELDS, DigestMaker, timeOfRecord } from '../../../src/reporting/record-digest.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { RECORD_KINDS, type RecordKind } from '../../../src/union-load/ports.ts';
import { drawAdMinute, drawOrder, NaiveStore, type RecordSpace } from './record-world.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const SPACE: RecordSpace = { from: 1_769_860_800_000, minutes: 600, ads: 12, orders: 25 };
const END = { cursor: 'c1', caughtUp: true, asOf: 5000, finalBefore: 0 };
/** Lengths in bytes differ from lengths in letters; marks of the text that is hashed stand in the ids. */
const ODD_TEXTS = ['ad-0', 'é', '\u{1F600}', 'a:b', '4:ad-0', '-', '\uFEFFx', 'a\u0001b', "o'clock"];

let directory: string;
let store: ReportingStore;
let naive: NaiveStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-record-audit-'));
  store = await ReportingStore.open({ directory, memoryBytes: 128 * 1024 * 1024, threads: 1 });
  naive = new NaiveStore();
  const random = new SeededRandom(SEED);
  const minutes = Array.from({ length: 400 }, () => ({
    ...drawAdMinute(random, SPACE),
    region: 'a',
    campaignId: random.pick(ODD_TEXTS),
  }));
  const orders = Array.from({ length: 100 }, () => ({
    ...drawOrder(random, SPACE),
    region: 'a',
    userId: random.pick(ODD_TEXTS),
    enrichment: random.pick([null, { b: 1.5, a: [ODD_TEXTS], nothing: null }]),
  }));
  for (const to of [store, naive]) {
    await to.load({ region: 'a', kind: 'ad-minutes' }, { records: minutes, ...END });
    await to.load({ region: 'a', kind: 'attributed-orders' }, { records: orders, ...END });
  }
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const held = (kind: RecordKind) => [
  ...(kind === 'ad-minutes' ? naive.minutes.values() : naive.orders.values()),
];

describe(`the digest that SQL makes, seed ${SEED}`, () => {
  test.each(RECORD_KINDS)('is that of the records themselves: %s', async (kind) => {
    const connection = await store.connect();
    for (const step of ['hour', 'minute'] as const) {
      const [from, to] = [SPACE.from + 3_600_000, SPACE.from + 8 * 3_600_000];
      const maker = new DigestMaker(kind, step);
      const inRange = held(kind).filter((r) => timeOfRecord(r) >= from && timeOfRecord(r) < to);
      for (const record of inRange) maker.add(record);
      expect(inRange.length).toBeGreaterThan(10);
      const digest = await digestOf(connection, { region: 'a', kind, from, to }, step);
      expect(digest).toEqual({ region: 'a', asOf: 5000, heldFrom: 0, buckets: maker.buckets() });
    }
    connection.closeSync();
  });

  test.each(RECORD_KINDS)('covers every column: %s', (kind) => {
    expect(DIGEST_FIELDS[kind]).toEqual(RECORD_TABLES[kind].columns.map(({ field }) => field));
  });

  test.each(RECORD_KINDS)('stands for records that can be had: %s', async (kind) => {
    const connection = await store.connect();
    const range = { region: 'a', kind, from: 0, to: Number.MAX_SAFE_INTEGER };
    const { records } = await recordsOf(connection, range);
    expect(new Map(records.map((r) => [r.recordId, r]))).toEqual(
      new Map(held(kind).map((r) => [r.recordId, r])),
    );
    expect(records.length).toBe(held(kind).length);
    const other = await digestOf(connection, { ...range, region: 'b' }, 'hour');
    expect(other).toEqual({ region: 'b', asOf: null, heldFrom: 0, buckets: [] });
    connection.closeSync();
  });
});
