import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { budgetOf, type Budget } from './budget.ts';
import {
  campaignOf,
  CAMPAIGNS_MAX,
  checkRoom,
  campaignOfPeer,
  isLater,
  nextStamp,
  type Campaign,
  type CampaignInput,
} from './campaign.ts';
import { CampaignDays } from './campaign-day.ts';
import { advertiserAccount, applyPage, campaignAccount } from './ledger.ts';
import { knownState, type KnownState } from './known-state.ts';
import { runOf, type MinuteSpend } from './pacing.ts';
import type {
  AdMinuteFeed,
  BudgetStore,
  CampaignPage,
  ClosingBalance,
  FeedPage,
  FeedPosition,
  StoredEntry,
} from './ports.ts';

/** Records applied in one transaction: enough to share a sync of the disk, few enough to hold nobody up. */
export const PAGE_RECORDS = 500;
/** Most there can be: each region may have set that many while it heard nothing of the other. */
const CAMPAIGNS_HELD_MAX = 2 * CAMPAIGNS_MAX;

/** A day's spend in the campaign's currency, oldest minute first, and the part of the day in which the campaign runs. */
export interface DaySpend {
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly minutes: readonly MinuteSpend[];
}

/** What the feed of a region has brought since the start. */
export interface FeedTally {
  /** Records charged. */
  readonly charged: number;
  /** Records that were not of that region. */
  readonly refused: number;
  /** Why the last of them was refused; null when none was. */
  readonly refusal: string | null;
}

/** Campaigns, their ledger and their states: everything of the budget service but its waiting. Synchronous; time is an argument. */
export class BudgetBook {
  readonly #store: BudgetStore;
  readonly #region: string;
  readonly #feed: Pick<AdMinuteFeed, 'changedAdMinutes'>;
  readonly #days = new CampaignDays();
  readonly #states = new Map<string, KnownState>();
  /** Campaigns whose spend or terms have changed since their state was last looked at. */
  readonly #touched = new Set<string>();
  readonly #tallies = new Map<string, FeedTally>();

  /** `feed` is that of `region`, whose book it is. */
  constructor(store: BudgetStore, region: string, feed: Pick<AdMinuteFeed, 'changedAdMinutes'>, now: UnixMs) {
    this.#store = store;
    this.#region = region;
    this.#feed = feed;
    for (const campaign of store.campaigns(CAMPAIGNS_HELD_MAX)) {
      this.#states.set(campaign.campaignId, this.#stateNow(campaign, now));
    }
  }

  /**
   * Charges the next page of the own region's feed and keeps its cursor, in one transaction. When the feed does not know the cursor any more it
   * begins again: what has been charged already changes nothing. Returns whether the feed had no more.
   */
  applyNextPage(now: UnixMs): boolean {
    const { page, restarted } = this.#nextPage(this.position(this.#region).cursor);
    this.chargePage(this.#region, page, restarted, now);
    return page.caughtUp;
  }

  /**
   * Charges a page of the feed of `region` and keeps its cursor, in one transaction. `restarted` says that the page is the first one
   * of the feed because the feed refused the cursor.
   */
  chargePage(region: string, page: FeedPage, restarted: boolean, now: UnixMs): void {
    const { cursor, restartedAt } = this.position(region);
    if (page.records.length === 0 && page.cursor === cursor) return;
    const position = { cursor: page.cursor, restartedAt: restarted ? now : restartedAt, keptAt: now };
    const applied = this.#store.transaction((writes) => {
      const result = applyPage(writes, region, page, now);
      writes.putPosition(region, position);
      return result;
    });
    const tally = this.tally(region);
    this.#tallies.set(region, {
      charged: tally.charged + applied.charged,
      refused: tally.refused + applied.refused.length,
      refusal: applied.refused.at(-1) ?? tally.refusal,
    });
    this.#touch(applied.campaigns);
  }

  /** Charges records of `region` that are read once more; its cursor stays. Returns how many were not charged so. */
  chargeAgain(region: string, records: FeedPage['records'], now: UnixMs): number {
    const applied = this.#store.transaction((writes) => applyPage(writes, region, { records }, now));
    this.#touch(applied.campaigns);
    return applied.charged;
  }

  /** Their states may be others now. */
  #touch(campaigns: Iterable<string>): void {
    for (const campaignId of campaigns) {
      if (this.#states.has(campaignId)) this.#touched.add(campaignId);
    }
  }

  /** The ledger is another one than before: every campaign's state is looked at again. */
  lookAgain(): void {
    for (const campaignId of this.#states.keys()) this.#touched.add(campaignId);
  }

  /** How far the ledger is with the feed of `region`. */
  position(region: string): FeedPosition {
    return this.#store.position(region);
  }

  tally(region: string): FeedTally {
    return this.#tallies.get(region) ?? { charged: 0, refused: 0, refusal: null };
  }

  /** Sets a campaign, over whatever has been seen of it. Throws AdtallyError bad_campaign, or capacity when there are too many. */
  putCampaign(campaignId: string, input: CampaignInput, now: UnixMs): Campaign {
    const seen = this.#store.campaign(campaignId);
    const stamp = nextStamp(seen, this.#region, now);
    const campaign = campaignOf(campaignId, input, stamp);
    if (seen === undefined) checkRoom(this.#states.size);
    this.#store.putCampaign(campaign);
    this.#lookAgainAt(campaignId);
    return campaign;
  }

  /**
   * Takes over what the other region has set, unless this one has a later version, in one transaction. Whatever comes in whatever
   * order and however often, both regions end with the same. Returns how many were taken over, and why others were refused.
   */
  mergeCampaigns(given: readonly Campaign[]): { readonly taken: number; readonly refusals: string[] } {
    const refusals: string[] = [];
    const taken: Campaign[] = [];
    this.#store.transaction(() => {
      for (const each of given) {
        const campaign = this.#readPeer(each, refusals);
        const held = campaign && this.#store.campaign(campaign.campaignId);
        if (campaign === undefined || (held !== undefined && !isLater(campaign, held))) continue;
        this.#store.putCampaign(campaign);
        taken.push(campaign);
      }
    });
    for (const { campaignId } of taken) this.#lookAgainAt(campaignId);
    return { taken: taken.length, refusals };
  }

  /** Campaigns that were set or taken over after the cursor. Throws AdtallyError bad_cursor. */
  changedCampaigns(after: string | undefined, limit: number): CampaignPage {
    return this.#store.changedCampaigns(after, limit);
  }

  #readPeer(given: Campaign, refusals: string[]): Campaign | undefined {
    try {
      return campaignOfPeer(given);
    } catch (error) {
      if (!(error instanceof AdtallyError) || error.code !== 'bad_campaign') throw error;
      refusals.push(`Campaign "${given.campaignId}": ${error.message}`);
      return undefined;
    }
  }

  #lookAgainAt(campaignId: string): void {
    // A new one has no state before this one, so its first state is news, too.
    if (!this.#states.has(campaignId)) this.#states.set(campaignId, { state: 'scheduled', until: -Infinity });
    this.#touched.add(campaignId);
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
  budgets(now: UnixMs, limit = CAMPAIGNS_HELD_MAX, after?: string, advertiserId?: string): Budget[] {
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
    const payer = this.#payer(campaignId, advertiserId);
    return this.#store.entries(campaignAccount(campaignId), limit, before, payer);
  }

  /** What the campaign's entries that are gone sum to, by the advertiser that paid; with `advertiserId`, as for `entries`. */
  closings(campaignId: string, advertiserId?: string): ClosingBalance[] {
    return this.#store.closings(campaignAccount(campaignId), this.#payer(campaignId, advertiserId));
  }

  /** The account whose part of the campaign's ledger may be seen; undefined for all. Throws AdtallyError unknown_campaign. */
  #payer(campaignId: string, advertiserId: string | undefined): string | undefined {
    if (advertiserId === undefined) return undefined;
    this.campaign(campaignId, advertiserId);
    return advertiserAccount(advertiserId);
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
    return knownState(campaign, day, this.#store.spend(campaign.campaignId, day.start, day.end), now);
  }
}
