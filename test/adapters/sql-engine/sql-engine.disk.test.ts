import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { SQL_LIMITS, SqlEngine } from '../../../src/adapters/sql-engine/sql-engine.ts';
import { WarehouseSink } from '../../../src/adapters/warehouse/warehouse-sink.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { SqlAnswer } from '../../../src/reporting/sql-answer.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const TOP = Number.MAX_SAFE_INTEGER;

let folder: string;
let warehouse: string;
let instance: DuckDBInstance;
let engine: SqlEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-sql-'));
  warehouse = join(folder, "it's [a] ware*house");
  instance = await DuckDBInstance.create(':memory:', { memory_limit: '256MB', temp_directory: '' });
  const connection = await instance.connect();
  await connection.run(`ATTACH '${join(folder, 'reporting.duckdb')}' AS reporting`);
  await connection.run('CREATE TABLE reporting.ads AS SELECT 1 AS id');
  connection.closeSync();
  engine = await SqlEngine.open(() => instance.connect(), warehouse, {
    ...SQL_LIMITS,
    rowsMax: 100,
    timeMaxMs: 1500,
  });
});
afterEach(() => {
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

async function fill(minutes: readonly Partial<AdMinute>[]): Promise<void> {
  const options = { fileRows: 1e6, fileAgeMs: 1e6, fileBytesMax: 1e6, graceMs: 1e6 };
  const sink = await WarehouseSink.open({ directory: warehouse, clock: nodeClock, ...options });
  const records = minutes.map((one, n) => ({ ...MINUTE, recordId: `r${n}`, ...one }));
  await sink.load(
    { region: 'a', kind: 'ad-minutes' },
    { records, cursor: 'c', caughtUp: true, asOf: 0, finalBefore: 0 },
  );
  await sink.close();
}
const MINUTE: AdMinute = {
  recordId: '',
  revision: 1,
  region: 'a',
  adId: 'ad',
  campaignId: 'spring',
  advertiserId: 'acme',
  minute: NOON,
  currency: 'EUR',
  impressions: 1,
  clicks: 1,
  costMicros: 1,
};

async function rows(sql: string): Promise<SqlAnswer['rows']> {
  return (await engine.run(sql)).rows;
}

describe('the views', () => {
  test('are empty before there is a file, and find the first one', async () => {
    expect(await rows('SELECT * FROM warehouse.ad_6h')).toEqual([]);
    expect(await rows('SELECT COUNT(*) FROM warehouse.attributed_orders')).toEqual([[0]]);
    await fill([{}]);
    expect(await rows('SELECT COUNT(*) FROM warehouse.ad_minutes')).toEqual([[1]]);
    expect(await rows('SELECT COUNT(*) FROM warehouse.attributed_orders')).toEqual([[0]]);
  });

  test('roll up the latest revisions of both regions, exact past 2^53 and 2^63', async () => {
    const minutes = Array.from({ length: 1500 }, (_, n) => ({
      minute: NOON - 7 * 3_600_000 + n * 60_000,
      costMicros: TOP,
      region: n % 2 === 0 ? 'a' : 'b',
    }));
    await fill([...minutes, { recordId: 'r0', revision: 2, minute: NOON - 7 * 3_600_000, costMicros: 5 }]);
    const sum = 'SUM(cost_micros), SUM(clicks)';
    const truth = [1499n * BigInt(TOP) + 5n, 1500];
    for (const view of ['ad_minutes', 'ad_hours', 'ad_6h', 'ad_days'])
      expect([view, ...(await rows(`SELECT ${sum} FROM warehouse.${view}`))]).toEqual([view, truth]);
    expect(await rows('SELECT start_time, clicks, dt FROM warehouse.ad_6h ORDER BY 1')).toEqual([
      ['2026-01-31T00:00:00.000Z', 60, '2026-01-31'],
      ['2026-01-31T06:00:00.000Z', 360, '2026-01-31'],
      ['2026-01-31T12:00:00.000Z', 360, '2026-01-31'],
      ['2026-01-31T18:00:00.000Z', 360, '2026-01-31'],
      ['2026-02-01T00:00:00.000Z', 360, '2026-02-01'],
    ]);
    expect(await rows('SELECT cost_micros FROM warehouse.ad_hours ORDER BY start_time LIMIT 1')).toEqual([
      [59n * BigInt(TOP) + 5n],
    ]);
  });

  test('stand beside the tables of the reporting store', async () => {
    expect(await rows('SELECT id FROM reporting.ads')).toEqual([[1]]);
    const names = await rows("SELECT database || '.' || name FROM (SHOW ALL TABLES)");
    expect(names).toEqual(expect.arrayContaining([['reporting.ads'], ['warehouse.ad_hours']]));
  });
});

describe('an answer', () => {
  test('has its columns with their types, and cells that lose nothing', async () => {
    const {
      columns,
      rows: cells,
      truncated,
    } = await engine.run(
      `SELECT 9223372036854775807 AS big, 1.10::DECIMAL(9,2) AS money, NULL AS nothing, 'NaN'::DOUBLE AS odd, true AS yes,
        TIMESTAMP '2026-01-31 12:00:00.5' AS at, DATE '2026-01-31' AS day, [1, NULL] AS list, {'a': 'b'} AS pair, 0.5::DOUBLE AS half`,
    );
    expect(columns.map(({ name }) => name)).toEqual([
      'big',
      'money',
      'nothing',
      'odd',
      'yes',
      'at',
      'day',
      'list',
      'pair',
      'half',
    ]);
    expect(columns.slice(0, 2).map(({ type }) => type)).toEqual(['BIGINT', 'DECIMAL(9,2)']);
    expect(cells).toEqual([
      [
        9223372036854775807n,
        '1.10',
        null,
        'NaN',
        true,
        '2026-01-31T12:00:00.500Z',
        '2026-01-31',
        [1, null],
        { a: 'b' },
        0.5,
      ],
    ]);
    expect(truncated).toBe(false);
  });

  test('ends at the limit of rows, and says so', async () => {
    await fill(Array.from({ length: 101 }, () => ({})));
    const { rows: found, truncated } = await engine.run('SELECT * FROM warehouse.ad_minutes');
    expect([found.length, truncated]).toEqual([100, true]);
    expect((await engine.run('FROM warehouse.ad_minutes LIMIT 100')).truncated).toBe(false);
  });
});

const WRITES = [
  "COPY (SELECT 1) TO 'HERE/warehouse-copy.csv'",
  "EXPLAIN ANALYZE COPY (SELECT 1) TO 'HERE/warehouse-copy.csv'",
  'EXPLAIN ANALYZE DELETE FROM reporting.ads',
  "ATTACH 'HERE/other.db'",
  'DETACH warehouse',
  'INSTALL httpfs',
  'LOAD json',
  'PRAGMA threads = 1',
  'PRAGMA table_info(ads)',
  "SET memory_limit = '1TB'",
  'RESET memory_limit',
  'USE reporting',
  'CALL pragma_version()',
  'CHECKPOINT',
  'BEGIN',
  'VACUUM',
  'DROP TABLE reporting.ads',
  'INSERT INTO reporting.ads VALUES (2)',
  'UPDATE reporting.ads SET id = 2',
  'DELETE FROM reporting.ads',
  'CREATE TABLE reporting.more (a INT)',
  'CREATE TEMP TABLE more (a INT)',
  'WITH a AS (SELECT 2) INSERT INTO reporting.ads FROM a',
  'PREPARE p AS DELETE FROM reporting.ads',
  "EXPORT DATABASE 'HERE/out'",
  'SELECT 1; SELECT 2',
  'SELECT 1; DROP TABLE reporting.ads',
  '-- only a remark',
  '',
  'SELEC 1',
  '/* a */ drop table reporting.ads',
  '(SELECT 1',
];
const READS = [
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM 'HERE/secret.csv'",
  'SELECT * FROM "read_csv"(\'HERE/secret.csv\')',
  "SELECT * FROM read_blob('HERE/secret.csv')",
  "SELECT * FROM glob('HERE/*')",
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM 'https://example.com/a.parquet'",
  "SELECT * FROM json_execute_serialized_sql('{}')",
  "EXPLAIN SELECT * FROM read_text('HERE/secret.csv')",
  'SELECT * FROM duckdb_secrets()',
];
const HUGE = [
  "SELECT repeat('x', 2000000000)",
  'SELECT system.main."repeat"/**/(\'x\', 2000000000)',
  "SELECT lpad('x', 2000000000, 'y')",
  'SELECT unnest(range(1000000000))',
  'SELECT list(a.ad_id) FROM warehouse.ad_minutes a, warehouse.ad_minutes b, warehouse.ad_minutes c, warehouse.ad_minutes d',
  'SELECT COUNT(*) FROM warehouse.ad_minutes a, warehouse.ad_minutes b, warehouse.ad_minutes c, warehouse.ad_minutes d, warehouse.ad_minutes e',
  'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t',
];

describe('a hostile query', () => {
  test('is told what is run here', async () => {
    await expect(engine.run('/* a */ COPY x TO y')).rejects.toThrow(
      'begins with "COPY"; it must be a SELECT',
    );
    await expect(engine.run('SELECT nothing')).rejects.toThrow('"nothing" was not found');
  });

  test.for([...WRITES, ...READS])('is refused: %s', async (sql) => {
    writeFileSync(join(folder, 'secret.csv'), 'secret\n1\n');
    await expect(engine.run(sql.replaceAll('HERE', folder))).rejects.toMatchObject({ code: 'bad_query' });
    const inside = sql.replaceAll('HERE', warehouse.replaceAll("'", "''"));
    await expect(engine.run(inside)).rejects.toMatchObject({ code: 'bad_query' });
    expect(await rows('SELECT id FROM reporting.ads')).toEqual([[1]]);
    for (const name of ['warehouse-copy.csv', 'other.db', 'out']) {
      expect(existsSync(join(folder, name)) || existsSync(join(warehouse, name))).toBe(false);
    }
  });

  test.for(HUGE)('is stopped, and the next one runs: %s', async (sql) => {
    await fill(Array.from({ length: 1000 }, () => ({})));
    const { code } = await engine.run(sql).then(
      () => ({ code: 'none' }),
      (error: unknown) => error as { code: string },
    );
    expect(['bad_query', 'query_too_long']).toContain(code);
    expect(await rows('SELECT COUNT(*) FROM warehouse.ad_minutes')).toEqual([[1000]]);
  });

  test('has no more than two beside it', async () => {
    const endless = HUGE.at(-1)!;
    const two = [engine.run(endless), engine.run(endless)].map((one) => one.catch((error: unknown) => error));
    await expect(engine.run('SELECT 1')).rejects.toMatchObject({ code: 'overloaded' });
    for (const one of two) expect(await one).toMatchObject({ code: 'query_too_long' });
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });
});
