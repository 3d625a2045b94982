import type { DuckDBConnection } from '@duckdb/node-api';

/** Runs `work` in a transaction of the connection: all of it or nothing. */
export async function inTransaction<Result>(
  connection: DuckDBConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  await connection.run('BEGIN');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A failed commit has ended the transaction itself.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
