import type { Campaign } from '../../../budget/campaign.ts';
import type { Charge, ClosingBalance, SpendRow, StoredEntry } from '../../../budget/ports.ts';

/** A row as it comes: numbers of 64 bits and more are texts. */
type Row = Readonly<Record<string, unknown>>;

const number = (value: unknown): number => Number(value);
const text = (value: unknown): string => value as string;
const textOrNull = (value: unknown): string | null => value as string | null;

export function campaignOfRow(row: Row): Campaign {
  return {
    campaignId: text(row['campaign_id']),
    advertiserId: text(row['advertiser_id']),
    currency: text(row['currency']),
    dailyBudgetMicros: number(row['daily_budget_micros']),
    timezone: text(row['timezone']),
    start: number(row['start_ms']),
    end: row['end_ms'] === null ? null : number(row['end_ms']),
    isPaused: row['is_paused'] === true,
    merchantId: textOrNull(row['merchant_id']),
    placement: textOrNull(row['placement']),
    updatedAt: number(row['updated_at']),
    updatedBy: text(row['updated_by']),
  };
}

export function chargeOfRow(row: Row): Charge {
  return {
    recordId: text(row['record_id']),
    revision: number(row['revision']),
    region: text(row['region']),
    campaignId: text(row['campaign_id']),
    advertiserId: text(row['advertiser_id']),
    currency: text(row['currency']),
    minute: number(row['minute']),
    micros: number(row['micros']),
  };
}

export function entryOfRow(row: Row): StoredEntry {
  return {
    id: number(row['id']),
    recordId: text(row['record_id']),
    revision: number(row['revision']),
    account: text(row['account']),
    amountMicros: number(row['amount_micros']),
    currency: text(row['currency']),
    minute: number(row['minute']),
    postedAt: number(row['posted_at']),
  };
}

export function closingOfRow(row: Row): ClosingBalance {
  return {
    account: text(row['account']),
    counterAccount: text(row['counter_account']),
    currency: text(row['currency']),
    micros: BigInt(text(row['micros'])),
    entries: number(row['entries']),
    until: number(row['until_ms']),
  };
}

export function spendOfRow(row: Row): SpendRow {
  return {
    campaignId: text(row['campaign_id']),
    minute: number(row['minute']),
    currency: text(row['currency']),
    micros: BigInt(text(row['micros'])),
  };
}
