import type { DuckDBConnection } from '@duckdb/node-api';
import { cellOf } from '../../../src/adapters/sql-engine/sql-cells.ts';
import type { HiveSession } from '../../../src/cluster/warehouse/ports.ts';
import type { SqlAnswer } from '../../../src/reporting/sql-answer.ts';

/** Runs what suits DuckDB as it suits Hive; there are no folders to look at anew. */
export class DuckHive implements HiveSession {
  readonly #connection: DuckDBConnection;
  truncated = false;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async run(statement: string): Promise<SqlAnswer> {
    const nothing = { columns: [], rows: [], truncated: false, ms: 0 };
    if (statement.startsWith('MSCK')) return nothing;
    const result = await this.#connection.runAndReadAll(statement);
    return { ...nothing, rows: result.getRows().map((row) => row.map(whole)), truncated: this.truncated };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** DuckDB has its sums of decimals as such; Hive's adapter tells them as whole numbers. */
function whole(value: Parameters<typeof cellOf>[0]): ReturnType<typeof cellOf> {
  const cell = cellOf(value);
  return typeof value === 'object' && typeof cell === 'string' && /^\d+$/.test(cell) ? BigInt(cell) : cell;
}
