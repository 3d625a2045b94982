import type { UnixMs } from '../base/clock.ts';
import type { Budget } from './budget.ts';
import type { DaySpend } from './budget-book.ts';
import type { Campaign, CampaignInput } from './campaign.ts';
import type { FeedStatus } from './peer/peer-follower.ts';
import type { ClosingBalance, StoredEntry } from './ports.ts';

/** At once where the ledger is a file of the process; a promise where it is asked for. */
export type Told<T> = T | Promise<T>;

/**
 * What may be asked of campaigns and their budgets, whoever keeps the ledger. With `advertiserId`, another advertiser's campaign is as
 * unknown as one never set: AdtallyError unknown_campaign.
 */
export interface CampaignDesk {
  /** Throws AdtallyError bad_campaign, or capacity when there are too many. */
  putCampaign(campaignId: string, input: CampaignInput, now: UnixMs): Told<Campaign>;
  campaign(campaignId: string, advertiserId?: string): Told<Campaign>;
  /** By id, after `after`. */
  campaigns(limit: number, after?: string, advertiserId?: string): Told<Campaign[]>;
  /** Whether the campaign is the advertiser's; every one is, of undefined. */
  belongs(campaignId: string, advertiserId: string | undefined): Told<boolean>;
  /** On the campaign's day at `now`. */
  budget(campaignId: string, now: UnixMs, advertiserId?: string): Told<Budget>;
  /** By id, after `after`; all of them without a limit. */
  budgets(now: UnixMs, limit?: number, after?: string, advertiserId?: string): Told<Budget[]>;
  daySpend(campaignId: string, now: UnixMs, advertiserId?: string): Told<DaySpend>;
  /** Newest first, with smaller ids than `before`. */
  entries(campaignId: string, limit: number, before?: number, advertiserId?: string): Told<StoredEntry[]>;
  closings(campaignId: string, advertiserId?: string): Told<ClosingBalance[]>;
  /** `time` as RFC 3339 in the campaign's time zone. */
  format(time: UnixMs, campaign: Pick<Campaign, 'timezone'>): string;
}

/** The budgets of a server. */
export interface BudgetDesk {
  readonly book: CampaignDesk;
  /** How the ledger stands with what it is fed from. */
  status(): { readonly feeds: readonly FeedStatus[] };
  /** Calls `listener` with a budget whose state has changed; returns how to stop. */
  onStateChange(listener: (budget: Budget) => void): () => void;
}
