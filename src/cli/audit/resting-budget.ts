import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { BUDGET_FILE, openBudgetStore } from '../../adapters/budget-store/budget-store.ts';
import { auditBudget, type BudgetAudit, type HeldRecords } from '../../budget/budget-audit.ts';
import type { AdMinute } from '../../model/ad-minute.ts';

/**
 * Audits the ledger of a region that does not run against the records it would serve. Records that the feed had yet to bring are
 * `recordsWaiting`; charges of the other region are held against the ledger alone. Undefined where there is no ledger. Nobody may
 * write there meanwhile.
 */
export async function auditRestingBudget(
  directory: string,
  region: string,
  records: Iterable<AdMinute>,
): Promise<BudgetAudit | undefined> {
  if (!existsSync(join(directory, BUDGET_FILE))) return undefined;
  const byMinute = new Map<number, AdMinute[]>();
  for (const record of records) {
    const minute = byMinute.get(record.minute);
    if (minute === undefined) byMinute.set(record.minute, [record]);
    else minute.push(record);
  }
  const held: HeldRecords = {
    from: () => byMinute.keys().reduce((oldest, minute) => Math.min(oldest, minute), Infinity),
    byMinute: () => byMinute.entries().map(([minute, all]) => ({ minute, records: all })),
    records: (minute) => byMinute.get(minute) ?? [],
  };
  const store = openBudgetStore(directory, region);
  try {
    return await auditBudget({ store, region, held, catchUp: () => {}, turn: () => turn() });
  } finally {
    store.close();
  }
}
