import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { pause } from '../../base/pause.ts';
import { SECOND_MS } from '../../base/units.ts';
import { budgetOf, type Budget } from '../../budget/budget.ts';
import type { DaySpend } from '../../budget/budget-book.ts';
import type { BudgetDesk, CampaignDesk } from '../../budget/budget-desk.ts';
import { CampaignDays } from '../../budget/campaign-day.ts';
import {
  campaignOf,
  CAMPAIGNS_MAX,
  checkRoom,
  nextStamp,
  type Campaign,
  type CampaignInput,
} from '../../budget/campaign.ts';
import { advertiserAccount, campaignAccount } from '../../budget/ledger.ts';
import { runOf } from '../../budget/pacing.ts';
import type { FeedStatus } from '../../budget/peer/peer-follower.ts';
import type { ClosingBalance, StoredEntry } from '../../budget/ports.ts';
import type { CampaignStore } from './ports.ts';

const POLL_EVERY_MS = SECOND_MS / 2;
const ANNOUNCEMENTS = 500;

export interface ClusterDeskOptions {
  readonly store: CampaignStore;
  /** Who sets campaigns here, in their stamps. */
  readonly region: string;
  readonly clock: Clock;
  /** How the charging stands, as far as this process knows. */
  readonly feed: () => FeedStatus;
}

/** The budgets of a cluster: any number of processes ask and set the same, and each tells its listeners what whoever charges announced. */
export class ClusterDesk implements BudgetDesk {
  readonly book: CampaignDesk;
  readonly #options: ClusterDeskOptions;
  readonly #book: ClusterBook;
  readonly #listeners = new Set<(budget: Budget) => void>();
  readonly #following: Promise<void>;
  #isClosed = false;
  /** Why the database did not answer the last time it was asked for news; undefined when it did. */
  failure: Error | undefined;

  constructor(options: ClusterDeskOptions) {
    this.#options = options;
    this.#book = new ClusterBook(options);
    this.book = this.#book;
    this.#following = this.#follow();
  }

  status(): { readonly feeds: readonly FeedStatus[] } {
    return { feeds: [this.#options.feed()] };
  }

  onStateChange(listener: (budget: Budget) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { store, clock } = this.#options;
    let last: string | undefined;
    while (!this.#isClosed) {
      try {
        last = last === undefined ? await store.lastAnnouncement() : await this.#tellAfter(last);
        this.failure = undefined;
      } catch (error) {
        this.failure = error instanceof Error ? error : new Error(String(error));
      }
      await pause(clock, POLL_EVERY_MS);
    }
  }

  /** Tells how the campaigns that were announced after `last` stand now; returns the last of the announcements. */
  async #tellAfter(last: string): Promise<string> {
    const { store, clock } = this.#options;
    const news = await store.announcements(last, ANNOUNCEMENTS);
    if (news.length === 0) return last;
    const campaigns = await store.campaignsOf([...new Set(news.map(({ campaignId }) => campaignId))]);
    for (const budget of await this.#book.budgetsOf(campaigns, clock.now()))
      for (const listener of this.#listeners) listener(budget);
    return news.at(-1)!.id;
  }
}

class ClusterBook implements CampaignDesk {
  readonly #store: CampaignStore;
  readonly #region: string;
  readonly #days = new CampaignDays();

  constructor({ store, region }: Pick<ClusterDeskOptions, 'store' | 'region'>) {
    this.#store = store;
    this.#region = region;
  }

  putCampaign(campaignId: string, input: CampaignInput, now: UnixMs): Promise<Campaign> {
    return this.#store.putCampaign(campaignId, (seen, held) => {
      if (seen === undefined) checkRoom(held);
      return campaignOf(campaignId, input, nextStamp(seen, this.#region, now));
    });
  }

  async campaign(campaignId: string, advertiserId?: string): Promise<Campaign> {
    const campaign = await this.#store.campaign(campaignId);
    if (campaign !== undefined && (advertiserId ?? campaign.advertiserId) === campaign.advertiserId)
      return campaign;
    throw new AdtallyError('unknown_campaign', `No campaign "${campaignId.slice(0, 128)}" has been set.`);
  }

  campaigns(limit: number, after?: string, advertiserId?: string): Promise<Campaign[]> {
    return this.#store.campaigns(limit, after, advertiserId);
  }

  async belongs(campaignId: string, advertiserId: string | undefined): Promise<boolean> {
    if (advertiserId === undefined) return true;
    return (await this.#store.campaign(campaignId))?.advertiserId === advertiserId;
  }

  async budget(campaignId: string, now: UnixMs, advertiserId?: string): Promise<Budget> {
    const [budget] = await this.budgetsOf([await this.campaign(campaignId, advertiserId)], now);
    return budget;
  }

  async budgets(
    now: UnixMs,
    limit = CAMPAIGNS_MAX,
    after?: string,
    advertiserId?: string,
  ): Promise<Budget[]> {
    return this.budgetsOf(await this.#store.campaigns(limit, after, advertiserId), now);
  }

  async budgetsOf(campaigns: readonly Campaign[], now: UnixMs): Promise<Budget[]> {
    const days = campaigns.map(({ timezone }) => this.#days.dayOf(now, timezone));
    const windows = campaigns.map(({ campaignId }, at) => ({
      campaignId,
      from: days[at].start,
      to: days[at].end,
    }));
    const spend = Map.groupBy(await this.#store.spend(windows), (row) => row.campaignId);
    return campaigns.map((campaign, at) =>
      budgetOf(campaign, days[at], spend.get(campaign.campaignId) ?? [], now),
    );
  }

  async daySpend(campaignId: string, now: UnixMs, advertiserId?: string): Promise<DaySpend> {
    const campaign = await this.campaign(campaignId, advertiserId);
    const day = this.#days.dayOf(now, campaign.timezone);
    const rows = await this.#store.spend([{ campaignId, from: day.start, to: day.end }]);
    return {
      ...runOf(campaign, day),
      minutes: rows.filter(({ currency }) => currency === campaign.currency),
    };
  }

  async entries(
    campaignId: string,
    limit: number,
    before?: number,
    advertiserId?: string,
  ): Promise<StoredEntry[]> {
    const payer = await this.#payer(campaignId, advertiserId);
    return this.#store.entries(campaignAccount(campaignId), limit, before, payer);
  }

  async closings(campaignId: string, advertiserId?: string): Promise<ClosingBalance[]> {
    const payer = await this.#payer(campaignId, advertiserId);
    return this.#store.closings(campaignAccount(campaignId), payer);
  }

  format(time: UnixMs, { timezone }: Pick<Campaign, 'timezone'>): string {
    return this.#days.format(time, timezone);
  }

  /** The account whose part of the campaign's ledger may be seen; undefined for all. */
  async #payer(campaignId: string, advertiserId: string | undefined): Promise<string | undefined> {
    if (advertiserId === undefined) return undefined;
    await this.campaign(campaignId, advertiserId);
    return advertiserAccount(advertiserId);
  }
}
