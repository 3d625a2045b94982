import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBBlobValue, DuckDBInstance } from '@duckdb/node-api';
import type { RecordKind } from '../../../src/union-load/ports.ts';
import { TABLES, type WarehouseTable } from '../../../src/warehouse/table.ts';
import { renderViews } from '../../../src/warehouse/view-sql.ts';
import { byRecordId } from './record-script.ts';

/** Whoever reads the directory as it stands, knowing nothing of manifests. */
export class PlainReader {
  readonly #directory: string;
  readonly #instance: DuckDBInstance;

  private constructor(directory: string, instance: DuckDBInstance) {
    this.#directory = directory;
    this.#instance = instance;
  }

  static async open(directory: string): Promise<PlainReader> {
    return new PlainReader(directory, await DuckDBInstance.create(':memory:', { threads: '1' }));
  }

  /** Every row of every file; reads all bytes of them. */
  async rawRows(): Promise<number> {
    let rows = 0;
    for (const { name, sortedBy } of TABLES) {
      if (this.files(name).length === 0) continue;
      const [row] = await this.#rows(
        `SELECT COUNT(*) AS rows, MAX(hash(COLUMNS(*))) FROM read_parquet('${this.#directory}/${name}/**/*.parquet', hive_partitioning = true) WHERE ${sortedBy[0]} IS NOT NULL`,
      );
      rows += Number(row['rows']);
    }
    return rows;
  }

  /** The view of a kind of record, without the columns that it only adds for people. */
  async latest(kind: RecordKind): Promise<Record<string, unknown>[]> {
    const table = TABLES.find((one) => one.kind === kind)! as unknown as WarehouseTable;
    if (this.files(table.name).length === 0) return [];
    const added = table.timestamps.map(({ name }) => name).join(', ');
    const { query } = renderViews('duckdb', '', ({ name }) => this.#source(name)).find(
      ({ name }) => name === table.name,
    )!;
    // As bytes: the driver leaves out a byte order mark at the beginning of a text.
    const bytes = table.columns
      .filter(({ type }) => type === 'string')
      .map(({ name }) => `encode(${name}) AS ${name}`);
    const rows = await this.#rows(
      `SELECT * EXCLUDE (${added}) REPLACE (CAST(dt AS VARCHAR) AS dt, ${bytes.join(', ')}) FROM (${query})`,
    );
    return rows.map(withText).toSorted(byRecordId);
  }

  files(table: string): string[] {
    return this.everything().filter((path) => path.startsWith(`${table}/`) && path.endsWith('.parquet'));
  }

  /** Every file of the directory, but for the manifest. */
  everything(): string[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'MANIFEST')
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#directory.length + 1))
      .toSorted();
  }

  close(): void {
    this.#instance.closeSync();
  }

  #source(table: string): string {
    return `read_parquet('${this.#directory}/${table}/**/*.parquet', hive_partitioning = true, hive_types = {'dt': DATE})`;
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    const connection = await this.#instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjects();
    } finally {
      connection.closeSync();
    }
  }
}

function withText(row: Record<string, unknown>): Record<string, unknown> {
  const cells = Object.entries(row).map(([name, cell]) => [
    name,
    cell instanceof DuckDBBlobValue ? Buffer.from(cell.bytes).toString() : cell,
  ]);
  return Object.fromEntries(cells) as Record<string, unknown>;
}
