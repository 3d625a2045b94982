import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { AdtallyError } from '../../base/errors.ts';
import { MIB, SECOND_MS } from '../../base/units.ts';
import type { SqlAnswer, SqlCell } from '../../reporting/sql-answer.ts';
import { TABLES } from '../../warehouse/table.ts';
import { createView, emptyRows, renderViews } from '../../warehouse/view-sql.ts';
import { cellOf } from './sql-cells.ts';
import { readyQuery } from './sql-guard.ts';

type Connect = () => Promise<DuckDBConnection>;

/** What one query may take. */
export interface SqlLimits {
  readonly rowsMax: number;
  /** Of the answer, about. */
  readonly bytesMax: number;
  readonly timeMaxMs: number;
  readonly queriesMax: number;
}

export const SQL_LIMITS: SqlLimits = {
  rowsMax: 10_000,
  bytesMax: 16 * MIB,
  timeMaxMs: 30 * SECOND_MS,
  queriesMax: 2,
};

/**
 * Reads over a database of DuckDB and the files of the warehouse, as `warehouse.*`: one statement at a time a connection, in a
 * transaction that may not write, within limits, with no way to other files or to the network.
 */
export class SqlEngine {
  readonly #connect: Connect;
  readonly #warehouse: string;
  readonly #limits: SqlLimits;
  /** The tables that had files when the views were made. */
  #withFiles = 'none yet';
  #viewsMade: Promise<void> = Promise.resolve();
  #queries = 0;

  private constructor(connect: Connect, warehouse: string, limits: SqlLimits) {
    this.#connect = connect;
    this.#warehouse = warehouse;
    this.#limits = limits;
  }

  /**
   * Adds the warehouse at the directory `warehouse` to the database that `connect` connects to, and locks its configuration: from
   * then on nothing in it can reach other files, but for databases that are attached already.
   */
  static async open(connect: Connect, warehouse: string, limits: SqlLimits = SQL_LIMITS): Promise<SqlEngine> {
    const connection = await connect();
    try {
      await connection.run(`ATTACH ':memory:' AS warehouse`);
      // What is checked is a pattern as it is written.
      const written = [...new Set([warehouse, globOf(warehouse)])].map((path) => quote(`${path}/`));
      await connection.run(`SET allowed_directories = [${written.join(', ')}]`);
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
    } finally {
      connection.closeSync();
    }
    return new SqlEngine(connect, warehouse, limits);
  }

  /** Throws AdtallyError: bad_query, query_too_long, overloaded. */
  async run(sql: string): Promise<SqlAnswer> {
    const { queriesMax, timeMaxMs } = this.#limits;
    if (this.#queries >= queriesMax)
      throw new AdtallyError('overloaded', `${queriesMax} queries run already.`, { retryAfterSeconds: 1 });
    this.#queries++;
    const startMs = performance.now();
    let connection: DuckDBConnection | undefined;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      connection?.interrupt();
    }, timeMaxMs);
    try {
      connection = await this.#connect();
      await this.#refreshViews(connection);
      await connection.run('BEGIN TRANSACTION READ ONLY');
      const prepared = await readyQuery(connection, sql);
      const answer = await this.#read(await prepared.stream());
      return { ...answer, ms: Math.round(performance.now() - startMs) };
    } catch (error) {
      throw isLate ? tooLong(timeMaxMs) : refusal(error);
    } finally {
      clearTimeout(timer);
      connection?.closeSync();
      this.#queries--;
    }
  }

  async #read(result: DuckDBResult): Promise<Omit<SqlAnswer, 'ms'>> {
    const columns = result
      .columnNames()
      .map((name, place) => ({ name, type: String(result.columnType(place)) }));
    const rows: SqlCell[][] = [];
    let bytes = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return { columns, rows, truncated: false };
      for (const values of chunk.getRows()) {
        const row = values.map(cellOf);
        bytes += sizeOf(row);
        if (rows.length >= this.#limits.rowsMax || bytes > this.#limits.bytesMax)
          return { columns, rows, truncated: true };
        rows.push(row);
      }
    }
  }

  /** One query after the other: two that make the same views would be in each other's way. */
  async #refreshViews(connection: DuckDBConnection): Promise<void> {
    const made = this.#viewsMade.then(() => this.#makeViews(connection));
    this.#viewsMade = made.catch(() => undefined);
    await made;
  }

  /** A view over no file at all is an error to DuckDB: such a table is an empty one until it has a file. */
  async #makeViews(connection: DuckDBConnection): Promise<void> {
    const withFiles = TABLES.filter(({ name }) => hasFiles(join(this.#warehouse, name))).map(
      ({ name }) => name,
    );
    if (withFiles.join() === this.#withFiles) return;
    const views = renderViews('duckdb', 'warehouse.', (table) =>
      withFiles.some((name) => name === table.name)
        ? `read_parquet(${quote(`${globOf(this.#warehouse)}/${table.name}/dt=*/*.parquet`)}, hive_partitioning = true, hive_types = {'dt': DATE})`
        : emptyRows(table),
    );
    for (const view of views) await connection.run(createView('duckdb', view));
    this.#withFiles = withFiles.join();
  }
}

function hasFiles(table: string): boolean {
  if (!existsSync(table)) return false;
  return readdirSync(table).some(
    (day) => day.startsWith('dt=') && readdirSync(join(table, day)).some((name) => name.endsWith('.parquet')),
  );
}

function sizeOf(row: readonly SqlCell[]): number {
  return row.reduce<number>((sum, cell) => sum + (typeof cell === 'object' ? 64 : String(cell).length), 0);
}

function tooLong(timeMaxMs: number): AdtallyError {
  return new AdtallyError('query_too_long', `The query was stopped after ${timeMaxMs / SECOND_MS} s.`);
}

function refusal(error: unknown): AdtallyError {
  if (error instanceof AdtallyError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new AdtallyError('bad_query', detail, { cause: error });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a pattern that fits it alone. */
function globOf(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}
