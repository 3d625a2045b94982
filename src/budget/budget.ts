import type { UnixMs } from '../base/clock.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignDay } from './campaign-day.ts';
import { paceOf, type BudgetState } from './pacing.ts';
import type { SpendRow } from './ports.ts';

/** How a campaign's budget stands on one of its days. Micros are exact, of `currency`. */
export interface Budget {
  readonly campaignId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
  readonly currency: string;
  readonly day: CampaignDay;
  readonly timezone: string;
  readonly dailyBudgetMicros: number;
  readonly spentMicros: bigint;
  /** What is left of the daily budget; 0 when it is overspent. */
  readonly remainingMicros: bigint;
  readonly forecastMicros: bigint;
  readonly pacingIndex: number | null;
  readonly state: BudgetState;
  /** Unix ms. */
  readonly asOf: UnixMs;
  /** The day's spend in currencies that do not count against the budget. */
  readonly otherCurrencies: Readonly<Record<string, bigint>>;
}

/** The budget at `now`, from the spend of the day that holds it. */
export function budgetOf(
  campaign: Campaign,
  day: CampaignDay,
  spend: readonly SpendRow[],
  now: UnixMs,
): Budget {
  const { campaignId, merchantId, placement, currency, timezone, dailyBudgetMicros } = campaign;
  const own = spend.filter((row) => row.currency === currency);
  const otherCurrencies: Record<string, bigint> = {};
  for (const row of spend) {
    if (row.currency === currency) continue;
    otherCurrencies[row.currency] = (otherCurrencies[row.currency] ?? 0n) + row.micros;
  }
  const pacing = paceOf(campaign, day, own, now);
  const left = BigInt(dailyBudgetMicros) - pacing.spentMicros;
  return {
    campaignId,
    merchantId,
    placement,
    currency,
    day,
    timezone,
    dailyBudgetMicros,
    ...pacing,
    remainingMicros: left > 0n ? left : 0n,
    asOf: now,
    otherCurrencies,
  };
}
