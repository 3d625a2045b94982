import type { Campaign } from '../../budget/campaign.ts';
import type { Charge, SpendRow, StoredEntry } from '../../budget/ports.ts';

/** Rows of the tables as SQLite gives them; amounts that may pass 2^53 come as bigint. */
export interface CampaignRow {
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly currency: string;
  readonly daily_budget_micros: number;
  readonly timezone: string;
  readonly start_ms: number;
  readonly end_ms: number | null;
  readonly is_paused: number;
}

export function campaignOfRow(row: CampaignRow): Campaign {
  return {
    campaignId: row.campaign_id,
    advertiserId: row.advertiser_id,
    currency: row.currency,
    dailyBudgetMicros: row.daily_budget_micros,
    timezone: row.timezone,
    start: row.start_ms,
    end: row.end_ms,
    isPaused: row.is_paused === 1,
  };
}

export interface ChargeRow {
  readonly record_id: string;
  readonly revision: number;
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly currency: string;
  readonly minute: number;
  readonly micros: number;
}

export function chargeOfRow(row: ChargeRow): Charge {
  return {
    recordId: row.record_id,
    revision: row.revision,
    campaignId: row.campaign_id,
    advertiserId: row.advertiser_id,
    currency: row.currency,
    minute: row.minute,
    micros: row.micros,
  };
}

export interface EntryRow {
  readonly id: number;
  readonly record_id: string;
  readonly revision: number;
  readonly account: string;
  readonly amount_micros: number;
  readonly currency: string;
  readonly minute: number;
  readonly posted_at: number;
}

export function entryOfRow(row: EntryRow): StoredEntry {
  return {
    id: row.id,
    recordId: row.record_id,
    revision: row.revision,
    account: row.account,
    amountMicros: row.amount_micros,
    currency: row.currency,
    minute: row.minute,
    postedAt: row.posted_at,
  };
}

/** Read with big integers. */
export interface SpendBigRow {
  readonly campaign_id: string;
  readonly minute: bigint;
  readonly currency: string;
  readonly micros: bigint;
}

export function spendOfRow(row: SpendBigRow): SpendRow {
  return {
    campaignId: row.campaign_id,
    minute: Number(row.minute),
    currency: row.currency,
    micros: row.micros,
  };
}
