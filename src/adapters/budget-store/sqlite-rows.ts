import type { Campaign } from '../../budget/campaign.ts';
import type { Charge, ClosingBalance, SpendRow, StoredEntry } from '../../budget/ports.ts';

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
  readonly merchant_id: string | null;
  readonly placement: string | null;
  readonly updated_at: number;
  readonly updated_by: string;
  /** Grows with every campaign that is put. */
  readonly change: number;
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
    merchantId: row.merchant_id,
    placement: row.placement,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
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
  readonly region: string;
}

export function chargeOfRow(row: ChargeRow): Charge {
  return {
    recordId: row.record_id,
    revision: row.revision,
    region: row.region,
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
export interface ClosingBigRow {
  readonly account: string;
  readonly counter_account: string;
  readonly currency: string;
  readonly micros: bigint;
  readonly entries: bigint;
  readonly until_ms: bigint;
}

export function closingOfRow(row: ClosingBigRow): ClosingBalance {
  const { account, counter_account: counterAccount, currency, micros, entries, until_ms: until } = row;
  return { account, counterAccount, currency, micros, entries: Number(entries), until: Number(until) };
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
