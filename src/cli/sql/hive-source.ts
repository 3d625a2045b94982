import { openHive } from '../../adapters/hive/hive-server.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';
import { HIVE_DATABASE } from '../../cluster/warehouse/hive-objects.ts';
import { readHive } from '../../cluster/warehouse/hive-reader.ts';
import { readAddresses } from '../cluster/state/address-file.ts';
import type { SqlSource } from './sql-source.ts';

/** As much as files of one's own may be asked for. */
const LIMITS = { rowsMax: 1_000_000, timeMaxMs: HOUR_MS };

/** The Hive of the cluster in `directory`. Rejects with AdtallyError: not_found, cluster_unreachable. */
export async function openHiveSource(directory: string): Promise<SqlSource> {
  const { hive: address } = readAddresses(directory);
  if (address === undefined)
    throw new AdtallyError('not_found', `The cluster in ${directory} runs without Hive.`);
  const hive = await openHive({ address, ...LIMITS });
  return {
    place: `Hive at ${address}`,
    tables: `SHOW TABLES IN ${HIVE_DATABASE}`,
    run: (sql) => readHive(hive, sql),
    close: () => hive.close(),
  };
}
