import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresDatabase, type Statement } from '../../src/adapters/postgres/postgres-database.ts';
import { PostgresTouches } from '../../src/adapters/postgres/touches/touch-reader.ts';
import { PostgresTouchTable } from '../../src/adapters/postgres/touches/touch-table.ts';
import { DAY_MS, HOUR_MS } from '../../src/base/units.ts';
import { applyTouches } from '../../src/cluster/touches/touch-plan.ts';
import { isWithoutPostgres, PostgresServer } from './postgres/postgres-server.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const KEPT_MS = 2 * DAY_MS;
const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 100 };

describe.skipIf(isWithoutPostgres)('the table of touches', () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  let table: PostgresTouchTable;
  const sql: Statement = (...statement) => database.read((read) => read(...statement));

  beforeAll(async () => {
    server = await PostgresServer.start();
    database = new PostgresDatabase({ url: server.url, name: 'test', connections: 4 });
    table = new PostgresTouchTable(database);
  });

  afterAll(async () => {
    await database.close();
    await server.remove();
  });

  /** As Flink's sink does. */
  async function put(eventId: string, region: string, time: number, isCounted = true): Promise<void> {
    await sql`
      INSERT INTO adtally.touches VALUES (${eventId}, ${region}, ${time}, 'click', 'user', 'ad', 'campaign', 'advertiser', NULL, ${isCounted})
      ON CONFLICT (event_id, region, event_time) DO UPDATE SET is_counted = excluded.is_counted`;
  }

  test('is made once, gains days, takes in what waited for them, and loses the old ones with all they hold', async () => {
    const reader = new PostgresTouches(database, ['a', 'b']);
    await expect(reader.newest({ userId: 'user', ...ALL })).rejects.toMatchObject({ code: 'not_found' });
    expect(await applyTouches(table, KEPT_MS, NOON)).toHaveLength(5);
    expect(await applyTouches(table, KEPT_MS, NOON)).toEqual([]);
    await put('waits', 'a', NOON + 2 * DAY_MS);
    await put('waits longer', 'a', NOON + 9 * DAY_MS);
    await put('goes', 'a', NOON - 2 * DAY_MS);
    await put('never had a day', 'a', NOON - 5 * DAY_MS);
    expect(await applyTouches(table, KEPT_MS, NOON + DAY_MS)).toMatchObject([
      { action: 'add day', name: 'touches_20260202' },
      { action: 'drop day', name: 'touches_20260129' },
    ]);
    const rows =
      await sql`SELECT replace(tableoid::regclass::text, 'adtally.', '') AS place, event_id FROM adtally.touches ORDER BY event_time`;
    expect([...rows]).toEqual([
      { place: 'touches_20260202', event_id: 'waits' },
      { place: 'touches_rest', event_id: 'waits longer' },
    ]);
  });

  test('gives the newest first, each event once and of the first region, and none that was taken back', async () => {
    await put('first', 'a', NOON);
    await put('second', 'b', NOON + 1);
    await put('second', 'b', NOON + 1);
    for (const region of ['b', 'a']) await put('both', region, NOON + 2);
    await put('taken back', 'b', NOON + 3);
    await put('taken back', 'b', NOON + 3, false);
    const touches = new PostgresTouches(database, ['a', 'b']);
    const query = { userId: 'user', from: NOON, to: NOON + HOUR_MS };
    const page = await touches.newest({ ...query, limit: 2 });
    expect(page.found).toBe(3);
    expect(page.touches.map(({ eventId, region }) => `${eventId} ${region}`)).toEqual(['both a', 'second b']);
    expect(await touches.newest({ ...query, userId: 'nobody', limit: 2 })).toEqual({ touches: [], found: 0 });
  });
});
