import type { UnixMs } from '../base/clock.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignDay } from './campaign-day.ts';
import { stateOf, type BudgetState } from './pacing.ts';
import type { SpendRow } from './ports.ts';

/** What is known of a campaign's state, and when time alone may change it. */
export interface KnownState {
  readonly state: BudgetState;
  /** Unix ms. */
  readonly until: UnixMs;
}

/** The state at `now`, from the spend of the day that holds it. */
export function knownState(
  campaign: Campaign,
  day: CampaignDay,
  spend: readonly SpendRow[],
  now: UnixMs,
): KnownState {
  const own = spend.filter(({ currency }) => currency === campaign.currency);
  const spentMicros = own.reduce((sum, { micros }) => sum + micros, 0n);
  const turns = [campaign.start, campaign.end ?? Infinity, day.end].filter((time) => time > now);
  return { state: stateOf(campaign, spentMicros, now), until: Math.min(...turns) };
}
