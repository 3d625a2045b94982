import { describe, expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { REFRESH } from '../../../src/cluster/warehouse/hive-objects.ts';
import { readHive, readingStatement } from '../../../src/cluster/warehouse/hive-reader.ts';
import type { HiveSession } from '../../../src/cluster/warehouse/ports.ts';

const NOTHING = { columns: [], rows: [], truncated: false, ms: 0 };

function session(run: HiveSession['run']): HiveSession {
  return { run, close: () => Promise.resolve() };
}

describe('a query', () => {
  test.for([
    'SELECT 1',
    '  select * from warehouse.ad_hours ;\n',
    '-- a comment\nSELECT 1',
    '/* insert */ SELECT 1',
    'SELECT \'insert; into\', `insert`, "transform(" FROM warehouse.ad_hours',
    "SELECT 'it\\'s; insert' AS a",
    '(SELECT 1) UNION ALL (SELECT 2)',
    'WITH q AS (SELECT 1 AS a) SELECT * FROM q JOIN q AS r USING (a)',
    'EXPLAIN SELECT 1',
    'explain formatted with q as (select 1) select * from q',
    'SHOW CREATE TABLE warehouse.ad_hours',
    'SHOW PARTITIONS warehouse.ad_minutes_files',
    'DESCRIBE warehouse.ad_hours',
    'desc formatted warehouse.ad_hours',
  ])('that reads is let through: %s', (sql) => {
    expect(readingStatement(sql)).toBe(sql.trim().replace(/\s*;$/, ''));
  });

  test.for([
    ['', 'The query is empty'],
    ['-- nothing', 'The query is empty'],
    ['DROP VIEW warehouse.ad_hours', 'begins with "DROP"'],
    ['INSERT INTO x SELECT 1', 'begins with "INSERT"'],
    ['FROM x INSERT OVERWRITE TABLE y SELECT 1', 'begins with "FROM"'],
    ['set hive.execution.engine=mr', 'begins with "SET"'],
    ['dfs -rm -r /', 'begins with "DFS"'],
    ['MSCK REPAIR TABLE x', 'begins with "MSCK"'],
    ['EXPLAIN ANALYZE SELECT 1', 'begins with "EXPLAIN"'],
    ['EXPLAIN REOPTIMIZATION CREATE TABLE x AS SELECT 1', 'begins with "EXPLAIN"'],
    ['WITH q AS (SELECT 1) INSERT INTO x SELECT * FROM q', 'has INSERT'],
    // A line may end with a carriage return alone; these letters have capitals of ASCII.
    ['WITH q AS (SELECT 1) --\rINSERT INTO x SELECT * FROM q', 'has INSERT'],
    ['WITH q AS (SELECT 1) \u0131nsert INTO x SELECT * FROM q', 'has INSERT'],
    ['WITH q AS (SELECT 1) in\u017fert INTO x SELECT * FROM q', 'has INSERT'],
    ["SELECT TRANSFORM (a) USING 'sh' FROM x", 'has TRANSFORM ('],
    ["FROM x MAP a USING 'sh'", 'begins with "FROM"'],
    ["SELECT * FROM (FROM x MAP a USING 'sh') t", "has USING ''"],
    ["SELECT reflect('java.lang.System', 'exit', 1)", 'has REFLECT('],
    ["SELECT java_method ('java.lang.System', 'exit', 1)", 'has JAVA_METHOD ('],
    ['SELECT 1; SELECT 2', 'There is a ";" within'],
  ])('that does not is refused: %s', ([sql, reason]) => {
    expect(() => readingStatement(sql)).toThrow(
      expect.objectContaining({ code: 'bad_query', message: expect.stringContaining(reason) }),
    );
  });

  test('is run over the days that are there by then', async () => {
    const ran: string[] = [];
    const hive = session((statement) => {
      ran.push(statement);
      return Promise.resolve(NOTHING);
    });
    await readHive(hive, 'SELECT 1;');
    expect(ran).toEqual([...REFRESH, 'SELECT 1']);
    await expect(readHive(hive, 'DROP TABLE x')).rejects.toMatchObject({ code: 'bad_query' });
    expect(ran).toHaveLength(3);
  });

  test('of a warehouse that was never made says how it is', async () => {
    const hive = session(() => Promise.reject(new AdtallyError('bad_query', 'Table not found')));
    await expect(readHive(hive, 'SELECT 1')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"adtally cluster apply"'),
    });
    const gone = session(() => Promise.reject(new AdtallyError('cluster_unreachable', 'gone')));
    await expect(readHive(gone, 'SELECT 1')).rejects.toMatchObject({ code: 'cluster_unreachable' });
  });
});
