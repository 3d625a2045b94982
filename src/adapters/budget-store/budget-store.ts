import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { Campaign } from '../../budget/campaign.ts';
import type {
  AuditView,
  BudgetStore,
  Charge,
  FeedPosition,
  LedgerEntry,
  LedgerWrites,
  SpendRow,
  StoredEntry,
} from '../../budget/ports.ts';
import { SqliteAuditView } from './audit-view.ts';
import { prepareSchema } from './schema.ts';
import {
  campaignOfRow,
  chargeOfRow,
  entryOfRow,
  spendOfRow,
  type CampaignRow,
  type ChargeRow,
  type EntryRow,
  type SpendBigRow,
} from './sqlite-rows.ts';

/** In the data directory of the region. */
export const BUDGET_FILE = 'budget.sqlite';

const SUM_MAX = 2n ** 63n - 1n;

/** Opens the store in `directory`, and makes it where there is none. Throws AdtallyError data_format, or what SQLite throws. */
export function openBudgetStore(directory: string): SqliteBudgetStore {
  const path = join(directory, BUDGET_FILE);
  // Only its owner may read it; SQLite gives the files beside it the same rights.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    prepareSchema(database, path);
    return new SqliteBudgetStore(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Campaigns and ledger in one SQLite file. A commit syncs the disk: what a transaction wrote survives the machine. */
export class SqliteBudgetStore implements BudgetStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements: Statements;
  readonly #writes: LedgerWrites;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#statements = prepareStatements(database);
    this.#writes = writesOf(this.#statements);
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

  position(): FeedPosition {
    const row = this.#statements.position.get() as { cursor: string | null; restarted_at: number | null };
    return { cursor: row.cursor ?? undefined, restartedAt: row.restarted_at };
  }

  putCampaign(campaign: Campaign): void {
    const { campaignId, advertiserId, currency, dailyBudgetMicros, timezone, start, end, isPaused } =
      campaign;
    const values = [campaignId, advertiserId, currency, dailyBudgetMicros, timezone, start, end];
    this.#statements.putCampaign.run(...values, isPaused ? 1 : 0);
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
    // Entries are never removed, so their ids have no gaps.
    return (this.#statements.lastEntry.get() as { last: number | null }).last ?? 0;
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

  close(): void {
    this.#database.close();
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    position: prepare('SELECT cursor, restarted_at FROM position'),
    putPosition: prepare('UPDATE position SET cursor = ?, restarted_at = ?'),
    putCampaign: prepare('INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    campaign: prepare('SELECT * FROM campaigns WHERE campaign_id = ?'),
    campaigns: prepare('SELECT * FROM campaigns WHERE campaign_id > ? ORDER BY campaign_id LIMIT ?'),
    campaignsOf: prepare(
      'SELECT * FROM campaigns WHERE advertiser_id = ? AND campaign_id > ? ORDER BY campaign_id LIMIT ?',
    ),
    charge: prepare('SELECT * FROM charges WHERE record_id = ?'),
    putCharge: prepare(
      `INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET revision = excluded.revision,
       campaign_id = excluded.campaign_id, advertiser_id = excluded.advertiser_id, currency = excluded.currency,
       minute = excluded.minute, micros = excluded.micros`,
    ),
    chargesOfMinute: prepare('SELECT * FROM charges WHERE minute = ?'),
    minutesFrom: prepare('SELECT DISTINCT minute FROM charges WHERE minute >= ? ORDER BY minute'),
    addEntry: prepare('INSERT INTO entries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)'),
    entriesBefore: prepare('SELECT * FROM entries WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?'),
    // A posting adds the campaign's side and then the advertiser's, and ids have no gaps.
    entriesOf: prepare(
      `SELECT entries.* FROM entries JOIN entries AS other ON other.id = entries.id + 1
       WHERE entries.account = ? AND entries.id < ? AND other.account = ? ORDER BY entries.id DESC LIMIT ?`,
    ),
    lastEntry: prepare('SELECT max(id) AS last FROM entries'),
    oneSpend: withBigInts(
      prepare('SELECT micros FROM spend WHERE campaign_id = ? AND minute = ? AND currency = ?'),
    ),
    putSpend: prepare('INSERT OR REPLACE INTO spend VALUES (?, ?, ?, ?)'),
    spendBetween: withBigInts(
      prepare(
        'SELECT * FROM spend WHERE campaign_id = ? AND minute >= ? AND minute < ? ORDER BY minute, currency',
      ),
    ),
    spendOfMinute: withBigInts(prepare('SELECT * FROM spend WHERE minute = ?')),
  };
}

function withBigInts(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true);
  return statement;
}

function writesOf(statements: Statements): LedgerWrites {
  return {
    charge(recordId) {
      const row = statements.charge.get(recordId);
      return row === undefined ? undefined : chargeOfRow(row as unknown as ChargeRow);
    },
    putCharge({ recordId, revision, campaignId, advertiserId, currency, minute, micros }: Charge) {
      statements.putCharge.run(recordId, revision, campaignId, advertiserId, currency, minute, micros);
    },
    addEntry({ recordId, revision, account, amountMicros, currency, minute, postedAt }: LedgerEntry) {
      statements.addEntry.run(recordId, revision, account, amountMicros, currency, minute, postedAt);
    },
    addSpend(campaignId, minute, currency, micros) {
      const row = statements.oneSpend.get(campaignId, minute, currency) as { micros: bigint } | undefined;
      const sum = (row?.micros ?? 0n) + micros;
      if (sum > SUM_MAX) {
        const detail = `Campaign ${campaignId} has spent ${sum} micros of ${currency} in a minute: more than 64 bits hold.`;
        throw new AdtallyError('sum_out_of_range', detail);
      }
      statements.putSpend.run(campaignId, minute, currency, sum);
    },
    putPosition({ cursor, restartedAt }: FeedPosition) {
      statements.putPosition.run(cursor ?? null, restartedAt);
    },
  };
}
