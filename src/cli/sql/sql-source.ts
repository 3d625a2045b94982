import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { SqlAnswer } from '../../reporting/sql-answer.ts';
import { findRegion } from '../region-address.ts';
import { readRunningFile } from '../running-file.ts';
import { readSpecOfRegion } from '../settings-options.ts';
import { reportingIn, warehouseIn } from '../union-load/stores.ts';

const TABLES = `SELECT database AS store, name AS table FROM (SHOW ALL TABLES) WHERE database IN ('reporting', 'warehouse') ORDER BY ALL`;

/** Where queries go. */
export interface SqlSource {
  /** In words, for the one who asks. */
  readonly place: string;
  /** The query that says what there is to query. */
  readonly tables: string;
  run(sql: string): Promise<SqlAnswer>;
  close(): Promise<void>;
}

/** The Hive of --cluster; the region that --url names or that runs on the data directory; where none runs, the files themselves. */
export async function openSqlSource(command: Command): Promise<SqlSource> {
  const { url, cluster } = command.opts<{ url?: string; cluster?: string }>();
  if (cluster !== undefined) {
    if (url !== undefined) throw new AdtallyError('usage', 'Give --cluster or --url, not both.');
    const { openHiveSource } = await import('./hive-source.ts');
    return openHiveSource(resolve(cluster));
  }
  const directory = resolve((await readSpecOfRegion(command)).data);
  if (url === undefined && readRunningFile(directory) === undefined) return openResting(directory);
  const { client } = await findRegion(command);
  return {
    place: `the region at ${client.url}`,
    tables: TABLES,
    run: (sql) => client.post<SqlAnswer>('/v1/sql', { sql }),
    close: () => Promise.resolve(),
  };
}

/** Nobody may start a region on the directory meanwhile. */
async function openResting(directory: string): Promise<SqlSource> {
  const [reporting, warehouse] = [reportingIn(directory), warehouseIn(directory)];
  if (!existsSync(reporting) && !existsSync(warehouse)) {
    throw new AdtallyError('unreachable', `No region runs on ${directory}, and no store lies in it.`);
  }
  const unlock = await lockDirectory(directory);
  try {
    const { openStores } = await import('./resting-stores.ts');
    const stores = await openStores(reporting, warehouse, join(directory, 'sql.tmp'));
    const close = async (): Promise<void> => {
      stores.close();
      await unlock();
    };
    return {
      place: `the files in ${directory}`,
      tables: TABLES,
      run: (sql) => stores.engine.run(sql),
      close,
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
