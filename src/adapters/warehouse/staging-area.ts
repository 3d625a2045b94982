import { DuckDBInstance, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import { DAY_MS } from '../../base/units.ts';
import type { RecordKind, RecordKinds } from '../../union-load/ports.ts';
import { TABLES, dayOf, tableOf, type WarehouseTable } from '../../warehouse/table.ts';
import { duckDbColumns } from '../../warehouse/view-sql.ts';

/** Rows of one table and day that wait. */
export interface WaitingDay {
  readonly table: WarehouseTable;
  /** "2026-01-31" */
  readonly day: string;
}

const MEMORY_MAX = '512MB';

/** Rows on their way into files, in a database in memory, and what turns rows into Parquet. */
export class StagingArea {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #rows = 0;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(spillDirectory: string): Promise<StagingArea> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: MEMORY_MAX,
      temp_directory: spillDirectory,
      preserve_insertion_order: 'true',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    for (const table of TABLES) {
      const columns = duckDbColumns(table as unknown as WarehouseTable);
      await connection.run(`CREATE TABLE ${table.name} (${columns}, dt VARCHAR)`);
    }
    return new StagingArea(instance, connection);
  }

  /** How many rows wait. */
  get rows(): number {
    return this.#rows;
  }

  /** All of the records or, when it rejects, none. */
  async add<Kind extends RecordKind>(kind: Kind, records: readonly RecordKinds[Kind][]): Promise<void> {
    const table = tableOf(kind);
    await this.#connection.run('BEGIN');
    try {
      const appender = await this.#connection.createAppender(table.name);
      // Most records of a page are of one day, and its text takes longer than all the rest.
      let dayText = '';
      let dayNumber = Number.NaN;
      for (const record of records) {
        const time = table.time(record);
        if (Math.floor(time / DAY_MS) !== dayNumber) {
          dayNumber = Math.floor(time / DAY_MS);
          dayText = dayOf(time);
        }
        appendRow(appender, table, record, dayText);
      }
      appender.closeSync();
      await this.#connection.run('COMMIT');
    } catch (error) {
      await this.#connection.run('ROLLBACK');
      throw error;
    }
    this.#rows += records.length;
  }

  async clear(): Promise<void> {
    for (const { name } of TABLES) await this.#connection.run(`TRUNCATE ${name}`);
    this.#rows = 0;
  }

  async waitingDays(): Promise<WaitingDay[]> {
    const waiting: WaitingDay[] = [];
    for (const table of TABLES) {
      const days = await this.#connection.runAndReadAll(`SELECT DISTINCT dt FROM ${table.name} ORDER BY dt`);
      for (const [day] of days.getRows())
        waiting.push({ table: table as unknown as WarehouseTable, day: day as string });
    }
    return waiting;
  }

  /** Writes the waiting rows of a day, the highest revision of each record; resolves to their number. */
  async writeDay({ table, day }: WaitingDay, path: string): Promise<number> {
    // Of two rows of one revision the later arrival wins.
    return this.#copy(table, `${table.name} WHERE dt = ${quote(day)}`, 'rowid DESC', path);
  }

  /** Writes the rows of several files into one, the highest revision of each record; resolves to their number. */
  async merge(table: WarehouseTable, files: readonly string[], path: string): Promise<number> {
    const list = files.map(quote).join(', ');
    const source = `read_parquet([${list}], hive_partitioning = false, file_row_number = true, filename = true)`;
    return this.#copy(table, source, 'filename DESC, file_row_number DESC', path);
  }

  /**
   * Ids of records that neither `files` nor the waiting rows hold at their revision or a later one, and how many are held at their
   * revision with another content.
   */
  async differing<Kind extends RecordKind>(
    kind: Kind,
    records: readonly RecordKinds[Kind][],
    files: readonly string[],
  ): Promise<{ readonly missing: ReadonlySet<string>; readonly wrong: number }> {
    const table = tableOf(kind) as unknown as WarehouseTable;
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE asked (${duckDbColumns(table)}, dt VARCHAR)`);
    const appender = await this.#connection.createAppender('asked');
    for (const record of records) appendRow(appender, table, record, '');
    appender.closeSync();
    const rows = await this.#connection.runAndReadAll(differingRows(table, files));
    await this.#connection.run('DROP TABLE asked');
    const found = rows.getRows();
    return {
      missing: new Set(found.filter(([, isMissing]) => isMissing === true).map(([id]) => id as string)),
      wrong: found.filter(([, isMissing]) => isMissing !== true).length,
    };
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #copy(table: WarehouseTable, source: string, laterFirst: string, path: string): Promise<number> {
    const columns = table.columns.map(({ name }) => name).join(', ');
    const latest = `ROW_NUMBER() OVER (PARTITION BY record_id ORDER BY revision DESC, ${laterFirst}) = 1`;
    const query = `SELECT ${columns} FROM ${source} QUALIFY ${latest} ORDER BY ${table.sortedBy.join(', ')}`;
    const result = await this.#connection.run(
      `COPY (${query}) TO ${quote(path)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
    );
    return result.rowsChanged;
  }
}

function differingRows(table: WarehouseTable, files: readonly string[]): string {
  const names = table.columns.map(({ name }) => name);
  const columns = names.join(', ');
  const mine = (from: string): string =>
    `SELECT ${columns} FROM ${from} WHERE record_id IN (SELECT record_id FROM asked)`;
  const list = files.map(quote).join(', ');
  const held = [
    mine(table.name),
    ...(files.length === 0 ? [] : [mine(`read_parquet([${list}], hive_partitioning = false)`)]),
  ];
  const isOther = names.map((n) => `asked.${n} IS DISTINCT FROM held.${n}`).join(' OR ');
  return [
    `WITH rows AS (${held.join(' UNION ALL ')}),`,
    `latest AS (SELECT record_id, max(revision) AS revision FROM rows GROUP BY record_id)`,
    `SELECT DISTINCT asked.record_id, latest.revision IS NULL OR latest.revision < asked.revision AS missing`,
    `FROM asked LEFT JOIN latest USING (record_id) LEFT JOIN rows AS held`,
    `ON held.record_id = asked.record_id AND held.revision = latest.revision`,
    `WHERE latest.revision IS NULL OR latest.revision < asked.revision`,
    `OR latest.revision = asked.revision AND (${isOther})`,
  ].join('\n');
}

function appendRow<Kind extends RecordKind>(
  appender: DuckDBAppender,
  table: WarehouseTable<Kind>,
  record: RecordKinds[Kind],
  day: string,
): void {
  for (const { value } of table.columns) {
    const cell = value(record);
    if (cell === null) appender.appendNull();
    else if (typeof cell === 'string') appender.appendVarchar(cell);
    else appender.appendBigInt(BigInt(cell));
  }
  appender.appendVarchar(day);
  appender.endRow();
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
