import { existsSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { SQL_LIMITS, SqlEngine } from '../../adapters/sql-engine/sql-engine.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';

interface RestingStores {
  readonly engine: SqlEngine;
  close(): void;
}

/** One's own process may take its time. */
const LIMITS = { ...SQL_LIMITS, rowsMax: 1_000_000, bytesMax: 512 * 1024 * 1024, timeMaxMs: HOUR_MS };

/** Opens the stores of a region that does not run, for reading. Throws AdtallyError data_corrupt. */
export async function openStores(
  reporting: string,
  warehouse: string,
  temporary: string,
): Promise<RestingStores> {
  const instance = await DuckDBInstance.create(':memory:', {
    temp_directory: temporary,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connect = () => instance.connect();
  try {
    if (existsSync(reporting)) await attach(instance, reporting);
    return { engine: await SqlEngine.open(connect, warehouse, LIMITS), close: () => instance.closeSync() };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function attach(instance: DuckDBInstance, reporting: string): Promise<void> {
  const connection = await instance.connect();
  try {
    await connection.run(`ATTACH '${reporting.replaceAll("'", "''")}' AS reporting (READ_ONLY)`);
  } catch (cause) {
    const detail = `${reporting} cannot be opened: ${(cause as Error).message}.`;
    throw new AdtallyError('data_corrupt', detail, { cause });
  } finally {
    connection.closeSync();
  }
}
