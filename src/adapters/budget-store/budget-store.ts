import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { UnixMs } from '../../base/clock.ts';
import type { Campaign } from '../../budget/campaign.ts';
import type {
  AuditView,
  BudgetStore,
  CampaignPage,
  Charge,
  ClosingBalance,
  FeedPosition,
  LedgerWrites,
  SpendRow,
  StoredEntry,
} from '../../budget/ports.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SqliteAuditView } from './audit-view.ts';
import { closeOldest } from './closing.ts';
import { takeLedger } from './ledger-swap.ts';
import { prepareSchema } from './schema.ts';
import {
  campaignOfRow,
  chargeOfRow,
  closingOfRow,
  entryOfRow,
  spendOfRow,
  type CampaignRow,
  type ChargeRow,
  type ClosingBigRow,
  type EntryRow,
  type SpendBigRow,
} from './sqlite-rows.ts';
import { prepareStatements, writesOf, type Statements } from './statements.ts';

/** In the data directory of the region. */
export const BUDGET_FILE = 'budget.sqlite';

/**
 * Opens the store of `region` in `directory`, and makes it where there is none. Throws AdtallyError data_format,
 * disk_failed, or what SQLite throws.
 */
export function openBudgetStore(directory: string, region: string): SqliteBudgetStore {
  const path = join(directory, BUDGET_FILE);
  // Only its owner may read it; SQLite gives the files beside it the same rights.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    prepareSchema(database, path, region);
    return new SqliteBudgetStore(database, path);
  } catch (error) {
    database.close();
    throw asDiskFailure(error, path);
  }
}

/** SQLite's codes for a disk that refuses, and one that is full; the lowest byte of `errcode`. */
const DISK_ERRORS = new Set([10, 13]);

function asDiskFailure(error: unknown, path: string): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  if (errcode === undefined || !DISK_ERRORS.has(errcode & 0xff)) return error;
  return new AdtallyError('disk_failed', `${path} cannot be written: ${message}.`, { cause: error });
}

/** Campaigns and ledger in one SQLite file. A commit syncs the disk: what a transaction wrote survives the machine. */
export class SqliteBudgetStore implements BudgetStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements: Statements;
  readonly #writes: LedgerWrites;
  /** Of this file: a cursor of another one means nothing here. */
  readonly #storeId: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#statements = prepareStatements(database);
    this.#writes = writesOf(this.#statements);
    const { store_id: storeId } = database.prepare('SELECT store_id FROM origin').get() as {
      store_id: string;
    };
    this.#storeId = storeId;
  }

  transaction<Result>(work: (writes: LedgerWrites) => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work(this.#writes);
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // Some failures, a full disk among them, have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  position(region: string): FeedPosition {
    const row = this.#statements.position.get(region) as
      | { cursor: string; restarted_at: number | null; kept_at: number }
      | undefined;
    return {
      cursor: row?.cursor,
      restartedAt: row?.restarted_at ?? null,
      keptAt: row?.kept_at ?? null,
    };
  }

  putCampaign(campaign: Campaign): void {
    const { campaignId, advertiserId, currency, dailyBudgetMicros, timezone, start, end, isPaused } =
      campaign;
    const { merchantId, placement, updatedAt, updatedBy } = campaign;
    const values = [campaignId, advertiserId, currency, dailyBudgetMicros, timezone, start, end];
    const more = [isPaused ? 1 : 0, merchantId, placement, updatedAt, updatedBy];
    this.#statements.putCampaign.run(...values, ...more);
  }

  campaign(campaignId: string): Campaign | undefined {
    const row = this.#statements.campaign.get(campaignId);
    return row === undefined ? undefined : campaignOfRow(row as unknown as CampaignRow);
  }

  campaigns(limit: number, after = '', advertiserId?: string): Campaign[] {
    const { campaigns, campaignsOf } = this.#statements;
    const rows =
      advertiserId === undefined ? campaigns.all(after, limit) : campaignsOf.all(advertiserId, after, limit);
    return rows.map((row) => campaignOfRow(row as unknown as CampaignRow));
  }

  changedCampaigns(after: string | undefined, limit: number): CampaignPage {
    const [, storeId, change] = /^([^.]+)\.(\d{1,15})$/.exec(after ?? `${this.#storeId}.0`) ?? [];
    if (storeId !== this.#storeId) {
      const told = `"${after!.slice(0, 80)}" is no cursor of this region's campaigns.`;
      throw new AdtallyError('bad_cursor', told);
    }
    const rows = this.#statements.changedCampaigns.all(Number(change), limit) as unknown as CampaignRow[];
    const last = rows.at(-1)?.change ?? change;
    const cursor = `${this.#storeId}.${last}`;
    return { campaigns: rows.map(campaignOfRow), cursor, caughtUp: rows.length < limit };
  }

  spend(campaignId: string, from: UnixMs, to: UnixMs): SpendRow[] {
    const rows = this.#statements.spendBetween.all(campaignId, from, to);
    return rows.map((row) => spendOfRow(row as unknown as SpendBigRow));
  }

  entries(
    account: string,
    limit: number,
    before = Number.MAX_SAFE_INTEGER,
    counterAccount?: string,
  ): StoredEntry[] {
    const { entriesBefore, entriesOf } = this.#statements;
    const rows =
      counterAccount === undefined
        ? entriesBefore.all(account, before, limit)
        : entriesOf.all(account, before, counterAccount, limit);
    return rows.map((row) => entryOfRow(row as unknown as EntryRow));
  }

  entryCount(): number {
    // Only the oldest are ever removed, so the ids of the others have no gaps.
    const { first, last } = this.#statements.entryIds.get() as { first: number | null; last: number | null };
    return first === null || last === null ? 0 : last - first + 1;
  }

  closings(account: string, counterAccount?: string): ClosingBalance[] {
    const { closingsOf, closingsBetween } = this.#statements;
    const rows =
      counterAccount === undefined ? closingsOf.all(account) : closingsBetween.all(account, counterAccount);
    return rows.map((row) => closingOfRow(row as unknown as ClosingBigRow));
  }

  closeEntries(before: UnixMs, limit: number): number {
    return this.transaction(() => closeOldest(this.#statements, before, limit));
  }

  charge(recordId: string): Charge | undefined {
    return this.#writes.charge(recordId);
  }

  chargesOf(minute: UnixMs): Charge[] {
    return this.#statements.chargesOfMinute
      .all(minute)
      .map((row) => chargeOfRow(row as unknown as ChargeRow));
  }

  spendOf(minute: UnixMs): SpendRow[] {
    return this.#statements.spendOfMinute.all(minute).map((row) => spendOfRow(row as unknown as SpendBigRow));
  }

  chargedMinutes(from: UnixMs): UnixMs[] {
    return this.#statements.minutesFrom.all(from).map((row) => (row as { minute: number }).minute);
  }

  openAuditView(): AuditView {
    return new SqliteAuditView(this.#path);
  }

  /** Puts the ledger of another file in the place of this one's, all or nothing. */
  takeLedger(path: string): void {
    takeLedger(this.#database, path);
  }

  close(): void {
    this.#database.close();
  }
}
