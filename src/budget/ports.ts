import type { UnixMs } from '../base/clock.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { Campaign } from './campaign.ts';

/** Where the ledger learns of its own region's ad minutes: the change feed, and nothing else of the region. */
export interface AdMinuteFeed {
  /** The latest revision of records changed after the cursor. Throws AdtallyError bad_cursor or cursor_expired. */
  changedAdMinutes(after: string | undefined, limit: number): FeedPage;
  /** Calls `listener` after each change; returns how to stop. */
  onChange(listener: () => void): () => void;
}

export interface FeedPage {
  readonly records: readonly AdMinute[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

/** The campaigns of the other region, as it changed them or heard of them. */
export interface CampaignFeed {
  /** The other region's name. */
  readonly region: string;
  /** The page after the cursor, from the beginning without one. Rejects with AdtallyError bad_cursor, or as the region says. */
  next(after: string | undefined, stop: AbortSignal): Promise<CampaignPage>;
}

export interface CampaignPage {
  readonly campaigns: readonly Campaign[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

/** What a record was last charged. */
export interface Charge {
  readonly recordId: string;
  /** The revision it was charged at. */
  readonly revision: number;
  /** Whose record it is: only that region's feed may change the charge. */
  readonly region: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  /** Start of the record's minute, Unix ms: it decides the day, in any time zone. */
  readonly minute: UnixMs;
  /** Integer micros, ≥ 0. */
  readonly micros: number;
}

/** One side of a posting; never changed. After budget.retention it is part of its account's closing balance. */
export interface LedgerEntry {
  readonly recordId: string;
  readonly revision: number;
  /** `campaign:ID` or `advertiser:ID`. */
  readonly account: string;
  /** Integer micros, never 0; spend is positive on campaigns and negative on advertisers. */
  readonly amountMicros: number;
  readonly currency: string;
  readonly minute: UnixMs;
  /** Unix ms. */
  readonly postedAt: UnixMs;
}

/** An entry as it is read back; ids grow in the order of posting. */
export interface StoredEntry extends LedgerEntry {
  readonly id: number;
}

/** What the entries of an account that are gone sum to, exact, by the account of their counter-entries. */
export interface ClosingBalance {
  readonly account: string;
  readonly counterAccount: string;
  readonly currency: string;
  readonly micros: bigint;
  /** How many entries that were. */
  readonly entries: number;
  /** When the last of them was posted, Unix ms. */
  readonly until: UnixMs;
}

/** Spend of a campaign in one minute and currency, exact, in both regions together. */
export interface SpendRow {
  readonly campaignId: string;
  readonly minute: UnixMs;
  readonly currency: string;
  readonly micros: bigint;
}

/** How far the ledger is with the feed of one region. */
export interface FeedPosition {
  /** Undefined before the first page. */
  readonly cursor: string | undefined;
  /** When the feed last had to be read from its beginning, Unix ms; null when never. */
  readonly restartedAt: UnixMs | null;
  /** When the cursor was kept, Unix ms; null before the first page. */
  readonly keptAt: UnixMs | null;
}

/** What the rules of the ledger read and write in one transaction: all of it is kept, or nothing. */
export interface Ledger {
  charge(recordId: string): Charge | undefined;
  putCharge(charge: Charge): void;
  addEntry(entry: LedgerEntry): void;
  /** Adds to the spend of a campaign's minute. Throws AdtallyError sum_out_of_range past 2^63 − 1. */
  addSpend(campaignId: string, minute: UnixMs, currency: string, micros: bigint): void;
}

export interface LedgerWrites extends Ledger {
  putPosition(region: string, position: FeedPosition): void;
}

/**
 * Where campaigns and the ledger are kept. Synchronous; every failure throws. What a transaction wrote is on stable storage when
 * it returns.
 */
export interface BudgetStore {
  /** Runs `work` and keeps what it wrote; when it throws, nothing of it is kept. */
  transaction<Result>(work: (writes: LedgerWrites) => Result): Result;
  position(region: string): FeedPosition;
  putCampaign(campaign: Campaign): void;
  campaign(campaignId: string): Campaign | undefined;
  /** By id, after `after` and of `advertiserId` when given. */
  campaigns(limit: number, after?: string, advertiserId?: string): Campaign[];
  /** Campaigns put after the cursor, in the order they were last put. Throws AdtallyError bad_cursor for one of another store. */
  changedCampaigns(after: string | undefined, limit: number): CampaignPage;
  /** The spend of a campaign from `from` inclusive to `to` exclusive, oldest minute first. */
  spend(campaignId: string, from: UnixMs, to: UnixMs): SpendRow[];
  /** Entries of an account, newest first, with smaller ids than `before` and with counter-entries on `counterAccount` when given. */
  entries(account: string, limit: number, before?: number, counterAccount?: string): StoredEntry[];
  /** Closing balances of an account, one a counter-account and currency; of one counter-account when given. */
  closings(account: string, counterAccount?: string): ClosingBalance[];
  /** How many entries there are. */
  entryCount(): number;
  /**
   * Adds the oldest entries, those posted before `before`, to the closing balances of their accounts and removes them, in one
   * transaction; whole postings, about `limit` entries at most, never the latest posting. Returns how many.
   */
  closeEntries(before: UnixMs, limit: number): number;
  charge(recordId: string): Charge | undefined;
  chargesOf(minute: UnixMs): Charge[];
  spendOf(minute: UnixMs): SpendRow[];
  /** Minutes with charges from `from` on, oldest first. */
  chargedMinutes(from: UnixMs): UnixMs[];
  /** A view that stays as it is now, for an audit that gives others their turn. */
  openAuditView(): AuditView;
  close(): void;
}

export interface AuditView {
  /** All entries, in the order of posting. */
  entries(): IterableIterator<StoredEntry>;
  closings(): IterableIterator<ClosingBalance>;
  charges(): IterableIterator<Charge>;
  spend(): IterableIterator<SpendRow>;
  close(): void;
}
