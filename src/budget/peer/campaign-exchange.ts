import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { BudgetBook } from '../budget-book.ts';
import type { CampaignFeed, CampaignPage } from '../ports.ts';
import { RetryLoop } from './retry-loop.ts';

/** How often the other region is asked for the campaigns it has changed. */
const PULL_EVERY_MS = 2 * SECOND_MS;

/** How this region stands with the campaigns of the other one. */
export interface CampaignExchangeStatus {
  readonly region: string;
  readonly state: 'running' | 'failing';
  /** Why the last attempt failed, while failing. */
  readonly error: string | null;
  /** When all of the other region's campaigns were last known here, Unix ms; null before the first time. */
  readonly equalAt: UnixMs | null;
  /** Campaigns taken over since the start. */
  readonly taken: number;
  /** Campaigns that are not valid here. */
  readonly refused: number;
  /** Why the last one was refused; null when none was. */
  readonly refusal: string | null;
}

/**
 * Pulls the campaigns that the other region has set, and keeps the later version of each. A start begins from the beginning:
 * what is known already changes nothing.
 */
export class CampaignExchange {
  readonly #book: BudgetBook;
  readonly #feed: CampaignFeed;
  readonly #clock: Clock;
  readonly #loop: RetryLoop;
  #cursor: string | undefined;
  #equalAt: UnixMs | null = null;
  #taken = 0;
  #refused = 0;
  #refusal: string | null = null;

  constructor(book: BudgetBook, feed: CampaignFeed, clock: Clock) {
    this.#book = book;
    this.#feed = feed;
    this.#clock = clock;
    this.#loop = new RetryLoop(clock, (stop) => this.#step(stop));
  }

  status(): CampaignExchangeStatus {
    const { error } = this.#loop;
    return {
      region: this.#feed.region,
      state: error === undefined ? 'running' : 'failing',
      error: error?.message ?? null,
      equalAt: this.#equalAt,
      taken: this.#taken,
      refused: this.#refused,
      refusal: this.#refusal,
    };
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  async #step(stop: AbortSignal): Promise<number> {
    const page = await this.#nextPage(stop);
    if (stop.aborted) return 0;
    const { taken, refusals } = this.#book.mergeCampaigns(page.campaigns);
    this.#taken += taken;
    this.#refused += refusals.length;
    this.#refusal = refusals.at(-1) ?? this.#refusal;
    this.#cursor = page.cursor;
    if (!page.caughtUp) return 0;
    this.#equalAt = this.#clock.now();
    return PULL_EVERY_MS;
  }

  async #nextPage(stop: AbortSignal): Promise<CampaignPage> {
    try {
      return await this.#feed.next(this.#cursor, stop);
    } catch (error) {
      // The other region has a store of another origin: all of it is news.
      if (error instanceof AdtallyError && error.code === 'bad_cursor') this.#cursor = undefined;
      throw error;
    }
  }
}
