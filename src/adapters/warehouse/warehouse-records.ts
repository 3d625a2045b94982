import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { AdtallyError } from '../../base/errors.ts';
import type { RecordKind, RecordKinds, RecordSource } from '../../union-load/ports.ts';
import { EMPTY_MANIFEST, readManifest } from '../../warehouse/manifest.ts';
import { tableOf, type WarehouseTable } from '../../warehouse/table.ts';
import { DiskFiles } from './disk-files.ts';

const MEMORY_MAX = '512MB';

/** The records in the files of a warehouse, which may be written to meanwhile. */
export class WarehouseRecords implements RecordSource {
  readonly #directory: string;
  readonly #spillDirectory: string;

  /** `spillDirectory` is for what does not fit into memory. */
  constructor(directory: string, spillDirectory: string) {
    this.#directory = directory;
    this.#spillDirectory = spillDirectory;
  }

  /** Rejects with AdtallyError data_corrupt for a manifest or a file that cannot be read. */
  async *records<Kind extends RecordKind>(kind: Kind): AsyncGenerator<readonly RecordKinds[Kind][]> {
    const table = tableOf(kind) as unknown as WarehouseTable;
    const path = join(this.#directory, 'MANIFEST');
    const text = await new DiskFiles().read(path);
    const { files } = text === undefined ? EMPTY_MANIFEST : readManifest(text, path);
    const mine = files.filter((file) => file.path.startsWith(`${table.name}/`));
    if (mine.length === 0) return;
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: MEMORY_MAX,
      temp_directory: this.#spillDirectory,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    try {
      const connection = await instance.connect();
      const result = await connection.stream(
        latestRows(
          table,
          mine.map((file) => join(this.#directory, file.path)),
        ),
      );
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk.getRows().map((row) => recordOf(table, row) as unknown as RecordKinds[Kind]);
      }
    } catch (cause) {
      if (cause instanceof AdtallyError) throw cause;
      const detail = `The warehouse ${this.#directory} cannot be read: ${(cause as Error).message}.`;
      throw new AdtallyError('data_corrupt', detail, { cause });
    } finally {
      instance.closeSync();
    }
  }
}

function latestRows(table: WarehouseTable, files: readonly string[]): string {
  const columns = table.columns.map(({ name }) => name).join(', ');
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  return [
    `SELECT ${columns} FROM read_parquet([${list}], hive_partitioning = false, file_row_number = true, filename = true)`,
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY record_id ORDER BY revision DESC, filename DESC, file_row_number DESC) = 1`,
  ].join('\n');
}

/** A row as the record that it was made of: what `value` of its columns undoes. */
function recordOf({ columns }: WarehouseTable, row: readonly unknown[]): Record<string, unknown> {
  const fields = columns.map(({ name, type }, index): [string, unknown] => {
    const field = name.replace(/_ms$/, '').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = row[index];
    if (value === null) return [field, null];
    if (type === 'bigint') return [field, Number(value)];
    return [field, field === 'enrichment' ? JSON.parse(value as string) : value];
  });
  return Object.fromEntries(fields);
}
