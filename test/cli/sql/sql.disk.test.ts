import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdMinuteReport } from '../../../src/reporting/ad-minutes.ts';
import type { SqlAnswer } from '../../../src/reporting/sql-answer.ts';
import { Workplace, type Ended, type Started } from '../adtally-process.ts';

interface Line {
  readonly event: string;
  readonly url: string;
}

const SUMS = "SUM(impressions)::VARCHAR || ' ' || SUM(clicks) || ' ' || SUM(cost_micros)";
const ENDLESS = 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t';

/** One region and its data directory; the tests build on each other. */
describe('adtally sql', { timeout: 120_000 }, () => {
  const place = new Workplace();
  let region: Started<Line>;
  const start = async (): Promise<void> => {
    region = await place.start(['start', '--port', '0', '--warehouse-file-age', '200ms']);
  };
  beforeAll(async () => {
    await start();
    await place.run(['generate', '--count', '3000', '--seed', '7', '--ads', '50']);
  });
  afterAll(() => place.remove());

  const sql = (query: string, ...more: string[]): Promise<Ended> => place.run(['sql', query, ...more]);
  const cells = async (query: string): Promise<SqlAnswer['rows']> =>
    (await place.json<SqlAnswer>(['sql', query])).rows;
  const post = (body: unknown, type = 'application/json'): Promise<Response> =>
    fetch(`${region.first.url}/v1/sql`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': type },
    });

  /** What the region itself says, from memory. */
  async function served(): Promise<string> {
    const from = Date.now() - 2 * 86_400_000;
    const answer = await fetch(`${region.first.url}/v1/ad-minutes?granularity=hour&from=${from}`);
    const { totals } = (await answer.json()) as AdMinuteReport;
    return `${totals.impressions} ${totals.clicks} ${totals.costMicros['EUR']}`;
  }

  it('comes to say the same from every table and roll-up as the region', async () => {
    const tables = ['reporting.ad_minutes', 'warehouse.ad_minutes', 'warehouse.ad_hours', 'warehouse.ad_6h'];
    const truth = await served();
    for (const table of tables) {
      let found: unknown;
      while (found !== truth) {
        [[found]] = await cells(`SELECT ${SUMS} FROM ${table}`).catch(() => [[null]]);
        await sleep(100);
      }
      expect(found).toBe(truth);
    }
  });

  it('writes tables, JSON and CSV with every digit', async () => {
    const query =
      "SELECT 9007199254740993 AS big, 'a,\"b' AS name, 1 AS n UNION ALL SELECT 1, '=x', NULL ORDER BY 1 DESC";
    const { stdout } = await sql(query);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '             big  name     n',
      '────────────────  ────  ────',
      '9007199254740993  a,"b     1',
      '               1  =x    NULL',
    ]);
    expect((await sql(query, '--csv')).stdout).toBe('big,name,n\r\n9007199254740993,"a,""b",1\r\n1,\'=x,\n');
    expect((await sql(query, '--json')).stdout).toContain(
      '"rows":[[9007199254740993,"a,\\"b",1],[1,"=x",null]]',
    );
    expect(await sql(query, '--json', '--csv')).toMatchObject({ exit: 2 });
  });

  it('refuses what does not read, in DuckDB’s words, and the region lives on', async () => {
    expect(await sql('SELECT nothing FROM warehouse.ad_hours')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('"nothing" not found') as string,
    });
    const hostile = [
      `COPY (SELECT 1) TO '${place.folder}/out.csv'`,
      'SELECT 1; DROP TABLE reporting.ad_minutes',
      'DELETE FROM reporting.ad_minutes',
      "ATTACH 'x.db'",
      'INSTALL httpfs',
      'PRAGMA threads = 1',
      "SET memory_limit = '1TB'",
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT repeat('x', 2000000000)",
    ];
    for (const query of hostile) {
      const answer = await post({ sql: query });
      expect([query, answer.status, answer.headers.get('content-type')]).toEqual([
        query,
        400,
        'application/problem+json; charset=utf-8',
      ]);
      expect(await answer.json()).toMatchObject({ code: 'bad_query' });
    }
    expect(existsSync(join(place.folder, 'out.csv'))).toBe(false);
    expect((await post({ query: 'SELECT 1' })).status).toBe(400);
    expect((await post({ sql: 'SELECT 1' }, 'text/plain')).status).toBe(415);
    expect((await post({ sql: `SELECT '${'x'.repeat(70_000)}'` })).status).toBe(413);
    expect(await cells('SELECT 1')).toEqual([[1]]);
  });

  it('lets the region count on beside a query that would never end', async () => {
    const endless = post({ sql: ENDLESS });
    await place.run(['generate', '--count', '500', '--seed', '8', '--ads', '50']);
    const truth = await served();
    let found: unknown;
    while (found !== truth) [[found]] = await cells(`SELECT ${SUMS} FROM reporting.ad_minutes`);
    const answer = await endless;
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      422,
      'query_too_long',
    ]);
  });

  it('reads the files where no region runs, also after a kill', async () => {
    const truth = await served();
    let found: unknown;
    while (found !== truth) [[found]] = await cells(`SELECT ${SUMS} FROM warehouse.ad_days`);
    region.signal('SIGKILL');
    await region.ended;
    for (const table of ['reporting.ad_minutes', 'warehouse.ad_6h'])
      expect(await cells(`SELECT ${SUMS} FROM ${table}`)).toEqual([[truth]]);
    expect(await sql('DELETE FROM reporting.ad_minutes')).toMatchObject({ exit: 2 });
    expect((await sql('SELECT 1', '--data', join(place.folder, 'none'))).exit).toBe(7);
  });

  it('a warehouse that is broken keeps nobody from counting', async () => {
    writeFileSync(join(place.folder, 'data', 'warehouse', 'MANIFEST'), 'damaged');
    await start();
    await place.run(['generate', '--count', '200', '--seed', '9', '--ads', '50']);
    const truth = await served();
    let found: unknown;
    while (found !== truth) {
      [[found]] = await cells(`SELECT ${SUMS} FROM reporting.ad_minutes`).catch(() => [[null]]);
      await sleep(50);
    }
    region.signal('SIGTERM');
    const { exit, stderr } = await region.ended;
    expect(exit).toBe(0);
    expect(stderr).toContain('the warehouse has trouble');
  });
});
