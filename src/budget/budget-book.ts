import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { budgetOf, type Budget } from './budget.ts';
import { campaignOf, type Campaign, type CampaignInput } from './campaign.ts';
import { CampaignDays } from './campaign-day.ts';
import { advertiserAccount, applyPage, campaignAccount } from './ledger.ts';
import { runOf, stateOf, type BudgetState, type MinuteSpend } from './pacing.ts';
import type { AdMinuteFeed, BudgetStore, FeedPage, StoredEntry } from './ports.ts';

/** Records applied in one transaction: enough to share a sync of the disk, few enough to hold nobody up. */
const PAGE_RECORDS = 500;
const CAMPAIGNS_MAX = 10_000;

/** A day's spend in the campaign's currency, oldest minute first, and the part of the day in which the campaign runs. */
export interface DaySpend {
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly minutes: readonly MinuteSpend[];
}

/** What is known of a campaign's state, and when time alone may change it. */
interface KnownState {
  readonly state: BudgetState;
  readonly until: UnixMs;
}

/** Campaigns, their ledger and their states: everything of the budget service but its waiting. Synchronous; time is an argument. */
export class BudgetBook {
  readonly #store: BudgetStore;
  readonly #feed: Pick<AdMinuteFeed, 'changedAdMinutes'>;
  readonly #days = new CampaignDays();
  readonly #states = new Map<string, KnownState>();
  /** Campaigns whose spend or terms have changed since their state was last looked at. */
  readonly #touched = new Set<string>();
  /** Records charged since the start. */
  charged = 0;

  constructor(store: BudgetStore, feed: Pick<AdMinuteFeed, 'changedAdMinutes'>, now: UnixMs) {
    this.#store = store;
    this.#feed = feed;
    for (const campaign of store.campaigns(CAMPAIGNS_MAX)) {
      this.#states.set(campaign.campaignId, this.#stateNow(campaign, now));
    }
  }

  /**
   * Charges the next page of the feed and keeps its cursor, in one transaction. When the feed does not know the cursor any more it
   * begins again: what has been charged already changes nothing. Returns whether the feed had no more.
   */
  applyNextPage(now: UnixMs): boolean {
    const { cursor, restartedAt } = this.#store.position();
    const { page, restarted } = this.#nextPage(cursor);
    if (page.records.length === 0 && page.cursor === cursor) return page.caughtUp;
    const position = { cursor: page.cursor, restartedAt: restarted ? now : restartedAt };
    const applied = this.#store.transaction((writes) => {
      const result = applyPage(writes, page, now);
      writes.putPosition(position);
      return result;
    });
    this.charged += applied.charged;
    for (const campaignId of applied.campaigns) {
      if (this.#states.has(campaignId)) this.#touched.add(campaignId);
    }
    return page.caughtUp;
  }

  /** Sets a campaign. Throws AdtallyError bad_campaign, or capacity when there are too many. */
  putCampaign(campaignId: string, input: CampaignInput): Campaign {
    const campaign = campaignOf(campaignId, input);
    if (!this.#states.has(campaignId) && this.#states.size >= CAMPAIGNS_MAX) {
      throw new AdtallyError('capacity', `There are ${CAMPAIGNS_MAX} campaigns, which is the most.`);
    }
    this.#store.putCampaign(campaign);
    // A new one has no state before this one, so its first state is news, too.
    if (!this.#states.has(campaignId)) this.#states.set(campaignId, { state: 'scheduled', until: -Infinity });
    this.#touched.add(campaignId);
    return campaign;
  }

  /** With `advertiserId`, another advertiser's campaign is as unknown as one never set. Throws AdtallyError unknown_campaign. */
  campaign(campaignId: string, advertiserId?: string): Campaign {
    const campaign = this.#store.campaign(campaignId);
    if (campaign === undefined || (advertiserId ?? campaign.advertiserId) !== campaign.advertiserId) {
      throw new AdtallyError('unknown_campaign', `No campaign "${campaignId.slice(0, 128)}" has been set.`);
    }
    return campaign;
  }

  /** Whether the campaign is the advertiser's; every one is, of undefined. */
  belongs(campaignId: string, advertiserId: string | undefined): boolean {
    return advertiserId === undefined || this.#store.campaign(campaignId)?.advertiserId === advertiserId;
  }

  campaigns(limit: number, after?: string, advertiserId?: string): Campaign[] {
    return this.#store.campaigns(limit, after, advertiserId);
  }

  /** The budget on the campaign's day at `now`. Throws AdtallyError unknown_campaign. */
  budget(campaignId: string, now: UnixMs, advertiserId?: string): Budget {
    return this.#budgetOf(this.campaign(campaignId, advertiserId), now);
  }

  /** Budgets by id, after `after` and of `advertiserId` when given. */
  budgets(now: UnixMs, limit = CAMPAIGNS_MAX, after?: string, advertiserId?: string): Budget[] {
    return this.#store.campaigns(limit, after, advertiserId).map((campaign) => this.#budgetOf(campaign, now));
  }

  /** The minutes that the budget at `now` is summed from. Throws AdtallyError unknown_campaign. */
  daySpend(campaignId: string, now: UnixMs, advertiserId?: string): DaySpend {
    const campaign = this.campaign(campaignId, advertiserId);
    const day = this.#days.dayOf(now, campaign.timezone);
    const rows = this.#store.spend(campaignId, day.start, day.end);
    return {
      ...runOf(campaign, day),
      minutes: rows.filter(({ currency }) => currency === campaign.currency),
    };
  }

  /** How many campaigns there are. */
  get size(): number {
    return this.#states.size;
  }

  /** `time` as RFC 3339 in the campaign's time zone. */
  format(time: UnixMs, { timezone }: Pick<Campaign, 'timezone'>): string {
    return this.#days.format(time, timezone);
  }

  /**
   * The campaign's entries, newest first. Also of a campaign that has not been set; with `advertiserId`, those of its own campaign
   * (else throws AdtallyError unknown_campaign) that its own account pays.
   */
  entries(campaignId: string, limit: number, before?: number, advertiserId?: string): StoredEntry[] {
    if (advertiserId !== undefined) this.campaign(campaignId, advertiserId);
    const owner = advertiserId === undefined ? undefined : advertiserAccount(advertiserId);
    return this.#store.entries(campaignAccount(campaignId), limit, before, owner);
  }

  /** Budgets whose state is not what it was when last looked at. */
  stateChanges(now: UnixMs): Budget[] {
    const changes: Budget[] = [];
    for (const [campaignId, known] of this.#states) {
      if (now < known.until && !this.#touched.delete(campaignId)) continue;
      this.#touched.delete(campaignId);
      const campaign = this.campaign(campaignId);
      const next = this.#stateNow(campaign, now);
      this.#states.set(campaignId, next);
      const isNew = known.until === -Infinity;
      if (isNew || next.state !== known.state) changes.push(this.#budgetOf(campaign, now));
    }
    return changes;
  }

  #nextPage(cursor: string | undefined): { readonly page: FeedPage; readonly restarted: boolean } {
    try {
      return { page: this.#feed.changedAdMinutes(cursor, PAGE_RECORDS), restarted: false };
    } catch (error) {
      const code = error instanceof AdtallyError ? error.code : undefined;
      if (cursor === undefined || (code !== 'bad_cursor' && code !== 'cursor_expired')) throw error;
      return { page: this.#feed.changedAdMinutes(undefined, PAGE_RECORDS), restarted: true };
    }
  }

  #budgetOf(campaign: Campaign, now: UnixMs): Budget {
    const day = this.#days.dayOf(now, campaign.timezone);
    return budgetOf(campaign, day, this.#store.spend(campaign.campaignId, day.start, day.end), now);
  }

  #stateNow(campaign: Campaign, now: UnixMs): KnownState {
    const day = this.#days.dayOf(now, campaign.timezone);
    const spend = this.#store.spend(campaign.campaignId, day.start, day.end);
    const own = spend.filter(({ currency }) => currency === campaign.currency);
    const spentMicros = own.reduce((sum, { micros }) => sum + micros, 0n);
    const turns = [campaign.start, campaign.end ?? Infinity, day.end].filter((time) => time > now);
    return { state: stateOf(campaign, spentMicros, now), until: Math.min(...turns) };
  }
}
