import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBudgetStore } from '../../adapters/budget-store/budget-store.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { ReportingStore } from '../../adapters/reporting-store/reporting-store.ts';
import { rebuildWarehouse } from '../../adapters/warehouse/warehouse-rebuild.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { StoreName } from '../../union-load/ports.ts';
import { madeLedgerIn, makeLedger } from './ledger-rebuild.ts';
import { makeReporting, swapReporting } from './reporting-rebuild.ts';
import { reportingIn, warehouseIn } from '../union-load/stores.ts';

interface Memory {
  readonly memory: number;
  readonly threads: number;
}

/**
 * Makes a store of a data directory anew on which no region runs; resolves to how many records it was made from. Throws
 * AdtallyError: data_locked, data_corrupt, unreachable when there is nothing to make it from.
 */
export async function rebuildStore(
  directory: string,
  store: StoreName,
  { memory, threads }: Memory,
): Promise<number> {
  if (!existsSync(join(directory, 'MANIFEST'))) {
    throw new AdtallyError('unreachable', `There is no region in ${directory}, and none runs on it.`);
  }
  const unlock = await lockDirectory(directory);
  let count = 0;
  const onRecords = (records: number): void => void (count += records);
  const options = { directory, memoryBytes: memory, threads };
  try {
    if (store === 'reporting') {
      await makeReporting({ ...options, regions: [] }, onRecords);
      swapReporting(directory);
      return count;
    }
    if (!existsSync(reportingIn(directory))) {
      throw new AdtallyError('unreachable', `There is no ${reportingIn(directory)} to make it from.`);
    }
    const source = await ReportingStore.open(options);
    try {
      if (store === 'warehouse') {
        const target = { directory: warehouseIn(directory), clock: nodeClock };
        await rebuildWarehouse({ ...target, source, cursors: await source.cursors(), onRecords });
      } else await rebuildBudget(directory, source, onRecords);
    } finally {
      await source.close();
    }
    return count;
  } finally {
    await unlock();
  }
}

async function rebuildBudget(
  directory: string,
  source: ReportingStore,
  onRecords: (records: number) => void,
): Promise<void> {
  const [line] = readFileSync(join(directory, 'MANIFEST'), 'utf8').split('\n');
  const { region } = JSON.parse(line) as { region: string };
  const store = openBudgetStore(directory, region);
  try {
    await makeLedger(directory, region, source, onRecords);
    store.takeLedger(madeLedgerIn(directory));
  } finally {
    store.close();
  }
}
