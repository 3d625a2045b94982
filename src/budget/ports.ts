import type { UnixMs } from '../base/clock.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { Campaign } from './campaign.ts';

/** Where the ledger learns of ad minutes: the change feed of a region, and nothing else of it. */
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

/** What a record was last charged. */
export interface Charge {
  readonly recordId: string;
  /** The revision it was charged at. */
  readonly revision: number;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  /** Start of the record's minute, Unix ms: it decides the day, in any time zone. */
  readonly minute: UnixMs;
  /** Integer micros, ≥ 0. */
  readonly micros: number;
}

/** One side of a posting; never changed, never removed. */
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

/** Spend of a campaign in one minute and currency, exact. */
export interface SpendRow {
  readonly campaignId: string;
  readonly minute: UnixMs;
  readonly currency: string;
  readonly micros: bigint;
}

/** How far the ledger is, and when it last had to begin again. */
export interface FeedPosition {
  /** Undefined before the first page. */
  readonly cursor: string | undefined;
  /** Unix ms; null when the feed never refused a cursor. */
  readonly restartedAt: UnixMs | null;
}

/** The writes of one transaction: all of them are kept, or none. */
export interface LedgerWrites {
  charge(recordId: string): Charge | undefined;
  putCharge(charge: Charge): void;
  addEntry(entry: LedgerEntry): void;
  /** Adds to the spend of a campaign's minute. Throws AdtallyError sum_out_of_range past 2^63 − 1. */
  addSpend(campaignId: string, minute: UnixMs, currency: string, micros: bigint): void;
  putPosition(position: FeedPosition): void;
}

/**
 * Where campaigns and the ledger are kept. Synchronous; every failure throws. What a transaction wrote is on stable storage when
 * it returns.
 */
export interface BudgetStore {
  /** Runs `work` and keeps what it wrote; when it throws, nothing of it is kept. */
  transaction<Result>(work: (writes: LedgerWrites) => Result): Result;
  position(): FeedPosition;
  putCampaign(campaign: Campaign): void;
  campaign(campaignId: string): Campaign | undefined;
  /** By id, after `after` and of `advertiserId` when given. */
  campaigns(limit: number, after?: string, advertiserId?: string): Campaign[];
  /** The spend of a campaign from `from` inclusive to `to` exclusive, oldest minute first. */
  spend(campaignId: string, from: UnixMs, to: UnixMs): SpendRow[];
  /** Entries of an account, newest first, with smaller ids than `before` and with counter-entries on `counterAccount` when given. */
  entries(account: string, limit: number, before?: number, counterAccount?: string): StoredEntry[];
  /** How many entries there are. */
  entryCount(): number;
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
  charges(): IterableIterator<Charge>;
  spend(): IterableIterator<SpendRow>;
  close(): void;
}
