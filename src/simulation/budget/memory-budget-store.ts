import type { UnixMs } from '../../base/clock.ts';
import type { Campaign } from '../../budget/campaign.ts';
import type {
  AuditView,
  BudgetStore,
  CampaignPage,
  Charge,
  ClosingBalance,
  FeedPosition,
  LedgerEntry,
  LedgerWrites,
  SpendRow,
  StoredEntry,
} from '../../budget/ports.ts';

const NO_POSITION: FeedPosition = { cursor: undefined, restartedAt: null, keptAt: null };

/** The process that uses the store has died: what was committed is there, the rest is not. */
export class ConsumerCrash extends Error {}

/**
 * A store in memory that lives longer than the process that uses it. `mayCrash` is asked at every statement and around each commit;
 * it throws ConsumerCrash where the process dies.
 */
export class MemoryBudgetStore implements BudgetStore {
  readonly #campaigns = new Map<string, Campaign>();
  readonly #charges = new Map<string, Charge>();
  readonly #spend = new Map<string, SpendRow>();
  readonly #positions = new Map<string, FeedPosition>();
  readonly #closings = new Map<string, ClosingBalance>();
  #entries: StoredEntry[] = [];
  /** How to take back what the open transaction has done. */
  #undo: (() => void)[] = [];
  mayCrash = (): void => {};

  transaction<Result>(work: (writes: LedgerWrites) => Result): Result {
    this.#undo = [];
    let result: Result;
    try {
      result = work(this.#writes());
      this.mayCrash();
    } catch (error) {
      for (const takeBack of this.#undo.toReversed()) takeBack();
      throw error;
    }
    this.mayCrash();
    return result;
  }

  #writes(): LedgerWrites {
    return {
      charge: (recordId) => this.#charges.get(recordId),
      putCharge: (charge) => this.#put(this.#charges, charge.recordId, charge),
      addEntry: (entry) => this.#add(entry),
      addSpend: (campaignId, minute, currency, micros) => {
        const key = `${currency} ${minute} ${campaignId}`;
        const sum = (this.#spend.get(key)?.micros ?? 0n) + micros;
        this.#put(this.#spend, key, { campaignId, minute, currency, micros: sum });
      },
      putPosition: (region, position) => this.#put(this.#positions, region, position),
    };
  }

  #put<Value>(table: Map<string, Value>, key: string, value: Value): void {
    this.mayCrash();
    const before = table.get(key);
    this.#undo.push(() => (before === undefined ? table.delete(key) : table.set(key, before)));
    table.set(key, value);
  }

  #add(entry: LedgerEntry): void {
    this.mayCrash();
    this.#undo.push(() => this.#entries.pop());
    this.#entries.push({ ...entry, id: (this.#entries.at(-1)?.id ?? 0) + 1 });
  }

  position(region: string): FeedPosition {
    return this.#positions.get(region) ?? NO_POSITION;
  }

  putCampaign(campaign: Campaign): void {
    this.#put(this.#campaigns, campaign.campaignId, campaign);
  }

  campaign(campaignId: string): Campaign | undefined {
    return this.#campaigns.get(campaignId);
  }

  campaigns(limit: number, after = '', advertiserId?: string): Campaign[] {
    const found = [...this.#campaigns.values()].filter(
      (each) => each.campaignId > after && (advertiserId ?? each.advertiserId) === each.advertiserId,
    );
    return found.toSorted((a, b) => (a.campaignId < b.campaignId ? -1 : 1)).slice(0, limit);
  }

  changedCampaigns(): CampaignPage {
    return { campaigns: [...this.#campaigns.values()], cursor: 'all', caughtUp: true };
  }

  spend(campaignId: string, from: UnixMs, to: UnixMs): SpendRow[] {
    return [...this.#spend.values()]
      .filter((row) => row.campaignId === campaignId && row.minute >= from && row.minute < to)
      .toSorted((a, b) => a.minute - b.minute);
  }

  entries(account: string, limit: number, before = Infinity, counterAccount?: string): StoredEntry[] {
    const found = this.#entries.filter(
      (entry, index) =>
        entry.account === account &&
        entry.id < before &&
        (counterAccount === undefined || this.#entries[index + 1]?.account === counterAccount),
    );
    return found.toReversed().slice(0, limit);
  }

  closings(account: string, counterAccount?: string): ClosingBalance[] {
    return [...this.#closings.values()].filter(
      (closing) =>
        closing.account === account &&
        (counterAccount === undefined || closing.counterAccount === counterAccount),
    );
  }

  entryCount(): number {
    return this.#entries.length;
  }

  closeEntries(before: UnixMs, limit: number): number {
    const young = this.#entries.findIndex(({ postedAt }) => postedAt >= before);
    const old = young === -1 ? this.#entries.length : young;
    const count = Math.max(0, Math.min(limit - (limit % 2), old, this.#entries.length - 2));
    const all = this.#entries;
    return this.transaction(() => {
      for (const [index, { account, currency, amountMicros, postedAt }] of all.slice(0, count).entries()) {
        const { account: counterAccount } = all[index % 2 === 0 ? index + 1 : index - 1];
        const key = JSON.stringify([currency, account, counterAccount]);
        const last = this.#closings.get(key);
        const micros = (last?.micros ?? 0n) + BigInt(amountMicros);
        const until = Math.max(last?.until ?? 0, postedAt);
        this.#put(this.#closings, key, {
          account,
          counterAccount,
          currency,
          micros,
          entries: (last?.entries ?? 0) + 1,
          until,
        });
      }
      this.#undo.push(() => (this.#entries = all));
      this.#entries = all.slice(count);
      return count;
    });
  }

  charge(recordId: string): Charge | undefined {
    return this.#charges.get(recordId);
  }

  chargesOf(minute: UnixMs): Charge[] {
    return [...this.#charges.values()].filter((charge) => charge.minute === minute);
  }

  spendOf(minute: UnixMs): SpendRow[] {
    return [...this.#spend.values()].filter((row) => row.minute === minute);
  }

  chargedMinutes(from: UnixMs): UnixMs[] {
    const minutes = new Set([...this.#charges.values()].map(({ minute }) => minute));
    return [...minutes].filter((minute) => minute >= from).toSorted((a, b) => a - b);
  }

  openAuditView(): AuditView {
    return {
      entries: () => this.#entries.slice().values(),
      closings: () => [...this.#closings.values()].values(),
      charges: () => [...this.#charges.values()].values(),
      spend: () => [...this.#spend.values()].values(),
      close: () => {},
    };
  }

  close(): void {}
}
