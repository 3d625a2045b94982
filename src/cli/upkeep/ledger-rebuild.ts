import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUDGET_FILE, openBudgetStore } from '../../adapters/budget-store/budget-store.ts';
import { SqliteAuditView } from '../../adapters/budget-store/audit-view.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { fillLedger } from '../../budget/ledger-fill.ts';
import type { RecordSource } from '../../union-load/ports.ts';
import { rebuildIn } from '../union-load/stores.ts';

/** Where the ledger lies that was made anew. */
export function madeLedgerIn(directory: string): string {
  return join(rebuildIn(directory), BUDGET_FILE);
}

/** Makes the ledger of a data directory anew, beside the old one, from the ad minutes of another store. */
export async function makeLedger(
  directory: string,
  region: string,
  source: RecordSource,
  onRecords: (records: number) => void,
): Promise<void> {
  const beside = rebuildIn(directory);
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside);
  const old = new SqliteAuditView(join(directory, BUDGET_FILE));
  const store = openBudgetStore(beside, region);
  try {
    await fillLedger({ store, source, charges: old.charges(), now: nodeClock.now(), onRecords });
  } finally {
    old.close();
    store.close();
  }
}
