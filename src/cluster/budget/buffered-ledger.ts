import type { UnixMs } from '../../base/clock.ts';
import type { Charge, Ledger, LedgerEntry, SpendRow } from '../../budget/ports.ts';

/** The charges of a batch's records, and what the rules of the ledger write: read before and kept after, in a few statements. */
export class BufferedLedger implements Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #charges: Map<string, Charge>;
  readonly #changed = new Set<string>();
  readonly #spend = new Map<string, SpendRow>();

  constructor(charges: readonly Charge[]) {
    this.#charges = new Map(charges.map((charge) => [charge.recordId, charge]));
  }

  charge(recordId: string): Charge | undefined {
    return this.#charges.get(recordId);
  }

  putCharge(charge: Charge): void {
    this.#charges.set(charge.recordId, charge);
    this.#changed.add(charge.recordId);
  }

  addEntry(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  addSpend(campaignId: string, minute: UnixMs, currency: string, micros: bigint): void {
    const key = `${currency} ${minute} ${campaignId}`;
    const before = this.#spend.get(key)?.micros ?? 0n;
    this.#spend.set(key, { campaignId, minute, currency, micros: before + micros });
  }

  /** Each record once. */
  get charges(): Charge[] {
    return [...this.#changed].map((recordId) => this.#charges.get(recordId)!);
  }

  /** What is to be added, each campaign, minute and currency once; in one order for all, so that no two writers wait for each other. */
  get spend(): SpendRow[] {
    return [...this.#spend]
      .filter(([, { micros }]) => micros !== 0n)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => row);
  }
}
