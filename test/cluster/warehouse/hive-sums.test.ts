import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { HiveBooks } from '../../../src/cluster/warehouse/hive-books.ts';
import { adMinuteSums, attributedOrderSums } from '../../../src/cluster/warehouse/hive-sums.ts';
import { DuckHive } from './duck-hive.ts';

/** 23:00 of a day, UTC: the second hour is in the next one. */
const START = Date.UTC(2026, 0, 31, 23);
const RANGE = { from: START, to: START + 2 * HOUR_MS } as const;
const HUGE = 9_007_199_254_740_991n;

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let hive: DuckHive;

beforeEach(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  hive = new DuckHive(connection);
  await connection.run(`ATTACH ':memory:' AS warehouse`);
  await connection.run(
    'CREATE TABLE warehouse.ad_minutes (region VARCHAR, minute_ms BIGINT, impressions BIGINT, clicks BIGINT, cost_micros BIGINT, dt DATE)',
  );
  await connection.run(
    'CREATE TABLE warehouse.attributed_orders (region VARCHAR, order_time_ms BIGINT, credit_micros BIGINT, dt DATE)',
  );
});

afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

async function insert(
  table: string,
  rows: readonly (readonly (string | number | bigint)[])[],
): Promise<void> {
  for (const [region, time, ...figures] of rows) {
    const day = new Date(Number(time)).toISOString().slice(0, 10);
    const values = [`'${region}'`, time, ...figures, `DATE '${day}'`].join(', ');
    await connection.run(`INSERT INTO warehouse.${table} VALUES (${values})`);
  }
}

describe('sums of ad minutes', () => {
  beforeEach(() =>
    insert('ad_minutes', [
      ['a', START - MINUTE_MS, 100, 100, 100],
      ['a', START, 1, 2, HUGE],
      ['a', START, 10, 20, HUGE],
      ['a', START + MINUTE_MS, 3, 0, 0],
      ['b', START + HOUR_MS, 5, 1, 7],
      ['a', START + 2 * HOUR_MS, 100, 100, 100],
    ]),
  );

  test('by minute are exact, of each region, and of the range alone', async () => {
    expect(await adMinuteSums(hive, { ...RANGE, by: 'minute' })).toEqual([
      { region: 'a', start: START, records: 2n, impressions: 11n, clicks: 22n, costMicros: 2n * HUGE },
      { region: 'a', start: START + MINUTE_MS, records: 1n, impressions: 3n, clicks: 0n, costMicros: 0n },
      { region: 'b', start: START + HOUR_MS, records: 1n, impressions: 5n, clicks: 1n, costMicros: 7n },
    ]);
  });

  test('by hour go over midnight', async () => {
    const sums = await adMinuteSums(hive, { ...RANGE, by: 'hour' });
    expect(sums.map(({ region, start, impressions }) => [region, start, impressions])).toEqual([
      ['a', START, 14n],
      ['b', START + HOUR_MS, 5n],
    ]);
  });

  test('are not told in part', async () => {
    hive.truncated = true;
    await expect(adMinuteSums(hive, { ...RANGE, by: 'minute' })).rejects.toMatchObject({
      code: 'query_too_long',
    });
  });

  test('begin and end with a slot', async () => {
    const askew = { from: START + MINUTE_MS, to: RANGE.to, by: 'hour' } as const;
    await expect(adMinuteSums(hive, askew)).rejects.toThrow('starts of a hour');
  });
});

test('sums of attributed orders are by the time of the order', async () => {
  await insert('attributed_orders', [
    ['a', START - 1, 100],
    ['a', START, 5],
    ['a', START + HOUR_MS - 1, 0],
    ['b', START + HOUR_MS, HUGE],
    ['b', START + HOUR_MS, HUGE],
  ]);
  expect(await attributedOrderSums(hive, { ...RANGE, by: 'hour' })).toEqual([
    { region: 'a', start: START, records: 2n, creditMicros: 5n },
    { region: 'b', start: START + HOUR_MS, records: 2n, creditMicros: 2n * HUGE },
  ]);
});

test('the books of Hive are its sums by the hour, up to what a clock ahead may send', async () => {
  await insert('ad_minutes', [
    ['a', START, 1, 2, 3],
    ['a', START + 61 * MINUTE_MS, 10, 20, 30],
    ['b', START + 119 * MINUTE_MS, 5, 1, 7],
    ['b', START + 121 * MINUTE_MS, 6, 1, 7],
  ]);
  await insert('attributed_orders', [['a', START, 47]]);
  const clock = { now: () => START + 115 * MINUTE_MS };
  const options = { hive: () => Promise.resolve(hive), clock, maxClockSkewMs: 6 * MINUTE_MS };
  const books = new HiveBooks({ ...options, kind: 'ad-minutes' });
  expect(await books.entries(START + HOUR_MS)).toEqual([
    {
      region: 'a',
      start: START + HOUR_MS,
      sums: { records: 1n, impressions: 10n, clicks: 20n, costMicros: 30n },
    },
    {
      region: 'b',
      start: START + HOUR_MS,
      sums: { records: 1n, impressions: 5n, clicks: 1n, costMicros: 7n },
    },
    {
      region: 'b',
      start: START + 2 * HOUR_MS,
      sums: { records: 1n, impressions: 6n, clicks: 1n, costMicros: 7n },
    },
  ]);
  const orders = new HiveBooks({ ...options, kind: 'attributed-orders' });
  expect(await orders.entries(0)).toEqual([
    { region: 'a', start: START, sums: { records: 1n, creditMicros: 47n } },
  ]);
});
