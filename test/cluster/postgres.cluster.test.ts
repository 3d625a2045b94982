import postgres from 'postgres';
import { describe, expect, test } from 'vitest';
import { isWithoutPostgres, PostgresServer } from './postgres/postgres-server.ts';

describe.skipIf(isWithoutPostgres)('the PostgreSQL of a local cluster', () => {
  test('is made once, keeps what it committed through a kill -9 and stops while clients are there', async () => {
    const server = await PostgresServer.start();
    try {
      const sql = postgres(server.url);
      const open = sql.reserve();
      await sql`CREATE TABLE kept (id int)`;
      await sql`INSERT INTO kept VALUES (7)`;
      expect(await sql`SHOW data_checksums`).toEqual([{ data_checksums: 'on' }]);
      await server.kill();
      await server.startAgain();
      expect(await sql`SELECT id FROM kept`).toEqual([{ id: 7 }]);
      await open;
      // A client that stays holds nobody up, which after SIGTERM it would.
      expect(await server.stop()).toBe('stopped');
      expect(server.log()).toContain('received fast shutdown request');
      await sql.end({ timeout: 0 });
    } finally {
      await server.remove();
    }
  });
});
