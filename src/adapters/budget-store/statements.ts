import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AdtallyError } from '../../base/errors.ts';
import type { Charge, FeedPosition, LedgerEntry, LedgerWrites } from '../../budget/ports.ts';
import { chargeOfRow, type ChargeRow } from './sqlite-rows.ts';

const SUM_MAX = 2n ** 63n - 1n;

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    position: prepare('SELECT cursor, restarted_at, kept_at FROM positions WHERE region = ?'),
    putPosition: prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)'),
    putCampaign: prepare(
      `INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
       (SELECT coalesce(max(change), 0) + 1 FROM campaigns))`,
    ),
    changedCampaigns: prepare('SELECT * FROM campaigns WHERE change > ? ORDER BY change LIMIT ?'),
    campaign: prepare('SELECT * FROM campaigns WHERE campaign_id = ?'),
    campaigns: prepare('SELECT * FROM campaigns WHERE campaign_id > ? ORDER BY campaign_id LIMIT ?'),
    campaignsOf: prepare(
      'SELECT * FROM campaigns WHERE advertiser_id = ? AND campaign_id > ? ORDER BY campaign_id LIMIT ?',
    ),
    charge: prepare('SELECT * FROM charges WHERE record_id = ?'),
    putCharge: prepare(
      `INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record_id) DO UPDATE SET revision = excluded.revision,
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
    entryIds: prepare('SELECT (SELECT min(id) FROM entries) AS first, (SELECT max(id) FROM entries) AS last'),
    oldestEntries: prepare('SELECT * FROM entries ORDER BY id LIMIT ?'),
    removeEntriesTo: prepare('DELETE FROM entries WHERE id <= ?'),
    closing: withBigInts(
      prepare('SELECT * FROM closings WHERE account = ? AND counter_account = ? AND currency = ?'),
    ),
    putClosing: prepare('INSERT OR REPLACE INTO closings VALUES (?, ?, ?, ?, ?, ?)'),
    closingsOf: withBigInts(
      prepare('SELECT * FROM closings WHERE account = ? ORDER BY counter_account, currency'),
    ),
    closingsBetween: withBigInts(
      prepare('SELECT * FROM closings WHERE account = ? AND counter_account = ? ORDER BY currency'),
    ),
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

export function writesOf(statements: Statements): LedgerWrites {
  return {
    charge(recordId) {
      const row = statements.charge.get(recordId);
      return row === undefined ? undefined : chargeOfRow(row as unknown as ChargeRow);
    },
    putCharge({ recordId, revision, region, campaignId, advertiserId, currency, minute, micros }: Charge) {
      const values = [recordId, revision, campaignId, advertiserId, currency, minute, micros, region];
      statements.putCharge.run(...values);
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
    putPosition(region: string, { cursor, restartedAt, keptAt }: FeedPosition) {
      statements.putPosition.run(region, cursor ?? null, restartedAt, keptAt);
    },
  };
}
