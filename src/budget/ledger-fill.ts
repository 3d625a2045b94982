import type { UnixMs } from '../base/clock.ts';
import type { RecordSource } from '../union-load/ports.ts';
import { applyPage, type ChargedMinute } from './ledger.ts';
import type { BudgetStore, Charge } from './ports.ts';

/** Charges carried over in one transaction. */
const CARRIED = 5000;

export interface LedgerFillOptions {
  /** A new one, without any charge. */
  readonly store: Pick<BudgetStore, 'transaction'>;
  readonly source: RecordSource;
  /** Of the ledger that there was. Those of minutes that the source does not reach back to are carried over. */
  readonly charges: Iterable<Charge>;
  readonly now: UnixMs;
  /** Hears how many records have come. */
  readonly onRecords: (records: number) => void;
}

/** Charges every ad minute of a source, once: one posting each, whatever led to its cost. No cursor is kept. */
export async function fillLedger({
  store,
  source,
  charges,
  now,
  onRecords,
}: LedgerFillOptions): Promise<void> {
  const charge = (records: readonly ChargedMinute[]): void => {
    for (const [region, those] of Map.groupBy(records, (record) => record.region)) {
      store.transaction((writes) => applyPage(writes, region, { records: those }, now));
    }
  };
  let earliest = Infinity;
  for await (const records of source.records('ad-minutes')) {
    charge(records);
    for (const { minute } of records) earliest = Math.min(earliest, minute);
    onRecords(records.length);
  }
  const carried: ChargedMinute[] = [];
  for (const { micros, ...known } of charges) {
    if (known.minute >= earliest) continue;
    carried.push({ ...known, costMicros: micros });
    if (carried.length >= CARRIED) charge(carried.splice(0));
  }
  charge(carried);
}
