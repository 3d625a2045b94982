import type { Clock, UnixMs } from '../base/clock.ts';
import { DAY_MS, SECOND_MS } from '../base/units.ts';
import type { RecordFeed } from '../union-load/ports.ts';
import type { Budget } from './budget.ts';
import { BudgetBook, PAGE_RECORDS } from './budget-book.ts';
import { auditBudget, type BudgetAudit, type HeldRecords } from './budget-audit.ts';
import { CampaignExchange, type CampaignExchangeStatus } from './peer/campaign-exchange.ts';
import { PeerFollower, type FeedStatus } from './peer/peer-follower.ts';
import type { AdMinuteFeed, BudgetStore, CampaignFeed, FeedPage } from './ports.ts';

/** Changes that come closer together than this are charged together: every page costs a sync of the disk. */
const GATHER_MS = 50;
/** How often states are looked at, and so how late the news of one may be. */
const LOOK_EVERY_MS = SECOND_MS / 2;
/** Times as long as a page takes it rests. */
const REST_SHARE = 4;
/** Entries that are closed in one transaction: few enough to hold nobody up. */
const CLOSE_ENTRIES = 500;
const BACKOFF_MS_MAX = 30 * SECOND_MS;
const BACKOFF_MS_MIN = SECOND_MS / 4;

export interface BudgetServiceStatus {
  readonly state: 'running' | 'failing' | 'closed';
  /** Why the last attempt failed, while failing. */
  readonly error: string | null;
  /** Unix ms: when the feed last refused the cursor and everything was read again; null when never. */
  readonly restartedAt: UnixMs | null;
  readonly caughtUp: boolean;
  /** How long the oldest change not charged yet has waited, ms; 0 when caught up. */
  readonly lagMs: number;
  /** Entries of the ledger. */
  readonly entries: number;
  /** Records charged since the start. */
  readonly charged: number;
  /** How the ledger stands with the feed of each region, this one first. */
  readonly feeds: readonly FeedStatus[];
  /** How this region stands with the campaigns of the other one; null where there is none. */
  readonly campaigns: CampaignExchangeStatus | null;
}

/** What is heard of the other region. */
export interface BudgetPeer {
  readonly feed: RecordFeed<'ad-minutes'>;
  readonly campaigns: CampaignFeed;
}

export interface BudgetServiceOptions {
  readonly store: BudgetStore;
  /** Name of the region that this is. */
  readonly region: string;
  readonly feed: AdMinuteFeed;
  /** Undefined where there is no other region. */
  readonly peer?: BudgetPeer | undefined;
  /** How long entries are kept, ms: whole days. */
  readonly retentionMs: number;
  /** What an audit compares the ledger with. */
  readonly held: HeldRecords;
  readonly clock: Clock;
}

/**
 * Follows the change feeds of both regions and charges what comes. A store that fails stops nobody else: the service says so in its status and tries
 * again, later and later. Whoever closes it waits until the page under way is kept.
 */
export class BudgetService {
  readonly book: BudgetBook;
  readonly #store: BudgetStore;
  readonly #feed: AdMinuteFeed;
  readonly #region: string;
  readonly #retentionMs: number;
  readonly #peerFeed: RecordFeed<'ad-minutes'> | undefined;
  readonly #peer: PeerFollower | undefined;
  readonly #campaigns: CampaignExchange | undefined;
  readonly #held: HeldRecords;
  readonly #clock: Clock;
  readonly #listeners = new Set<(budget: Budget) => void>();
  readonly #stopListening: () => void;
  readonly #running: Promise<void>;
  #wake = (): void => {};
  #isClosed = false;
  #error: Error | undefined;
  /** Monotonic ms of the oldest change that may not be charged yet; undefined when caught up. */
  #behindSinceMs: number | undefined;
  #lookAgainAtMs = 0;
  /** Entries posted before this time have been closed, Unix ms. */
  #closedBefore: UnixMs = -Infinity;

  constructor({ store, region, feed, peer, retentionMs, held, clock }: BudgetServiceOptions) {
    this.#store = store;
    this.#feed = feed;
    this.#region = region;
    this.#retentionMs = retentionMs;
    this.#held = held;
    this.#clock = clock;
    this.book = new BudgetBook(store, region, feed, clock.now());
    this.#behindSinceMs = clock.monotonicMs();
    this.#stopListening = feed.onChange(() => {
      this.#behindSinceMs ??= clock.monotonicMs();
      this.#wake();
    });
    this.#running = this.#run();
    this.#peerFeed = peer?.feed;
    this.#peer = peer && new PeerFollower({ book: this.book, feed: peer.feed, clock });
    this.#campaigns = peer && new CampaignExchange(this.book, peer.campaigns, clock);
  }

  /** Calls `listener` with a budget whose state has changed; returns how to stop. */
  onStateChange(listener: (budget: Budget) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): BudgetServiceStatus {
    const own = this.#ownStatus();
    const { state, error, restartedAt, caughtUp, lagMs, charged } = own;
    const entries = this.#isClosed ? 0 : this.#store.entryCount();
    const feeds = this.#peer === undefined ? [own] : [own, this.#peer.status()];
    const campaigns = this.#campaigns?.status() ?? null;
    return { state, error, restartedAt, caughtUp, lagMs, entries, charged, feeds, campaigns };
  }

  /** Charges all there is to charge, with turns for others. */
  async catchUp(): Promise<void> {
    while (!this.#applyPage()) await this.#clock.turn();
  }

  /** Holds the ledger against itself and against the records that the regions hold. */
  async audit(): Promise<BudgetAudit> {
    await this.catchUp();
    const turn = (): Promise<void> => this.#clock.turn();
    // In one go with the look at a minute: both sides are of the same instant.
    const catchUp = (): void => {
      while (!this.#applyPage());
    };
    const [store, region, held, peer] = [this.#store, this.#region, this.#held, this.#peerFeed];
    return auditBudget({ store, region, held, peer, catchUp, turn });
  }

  /**
   * Reads the feeds of all regions from their beginning and charges what is not charged so, of minutes from `from` on. Cursors stay.
   * `onRecords` hears how many such records came.
   */
  async replay(
    from: UnixMs,
    stop: AbortSignal,
    onRecords: (records: number) => void,
  ): Promise<{ readonly records: number; readonly changed: number }> {
    const own = (after: string | undefined): FeedPage => this.#feed.changedAdMinutes(after, PAGE_RECORDS);
    const peer = this.#peerFeed;
    const feeds = [
      { region: this.#region, next: own },
      ...(peer === undefined
        ? []
        : [{ region: peer.id.region, next: (after?: string) => peer.next(after, PAGE_RECORDS, 0, stop) }]),
    ];
    const count = { records: 0, changed: 0 };
    for (const { region, next } of feeds) {
      for (let page: FeedPage | undefined; page?.caughtUp !== true;) {
        page = await next(page?.cursor);
        stop.throwIfAborted();
        const records = page.records.filter(({ minute }) => minute >= from);
        count.changed += this.book.chargeAgain(region, records, this.#clock.now());
        count.records += records.length;
        onRecords(records.length);
        await this.#clock.turn();
      }
    }
    return count;
  }

  /** The ledger in the store was made anew, without cursors: follows all feeds from their beginning. */
  startOver(): void {
    this.#behindSinceMs ??= this.#clock.monotonicMs();
    this.book.lookAgain();
    this.#wake();
  }

  /** Resolves when nothing is under way; the store may be closed then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#wake();
    await Promise.all([this.#running, this.#peer?.close(), this.#campaigns?.close()]);
  }

  #ownStatus(): FeedStatus {
    const behindMs = this.#behindSinceMs;
    const position = this.#isClosed ? undefined : this.book.position(this.#region);
    return {
      region: this.#region,
      state: this.#isClosed ? 'closed' : this.#error === undefined ? 'running' : 'failing',
      error: this.#error?.message ?? null,
      caughtUp: behindMs === undefined,
      lagMs: behindMs === undefined ? 0 : this.#clock.monotonicMs() - behindMs,
      cursorKeptAt: position?.keptAt ?? null,
      restartedAt: position?.restartedAt ?? null,
      ...this.book.tally(this.#region),
    };
  }

  async #run(): Promise<void> {
    let backoffMs = BACKOFF_MS_MIN;
    while (!this.#isClosed) {
      try {
        const begunMs = this.#clock.monotonicMs();
        const isCaughtUp = this.#behindSinceMs === undefined || this.#applyPage();
        this.#lookAtStates();
        this.#closeOldEntries();
        this.#error = undefined;
        backoffMs = BACKOFF_MS_MIN;
        // At most a fifth of the process's time is the ledger's: counting comes first, and what waits is one version a record.
        const tookMs = this.#clock.monotonicMs() - begunMs;
        await this.#rest(isCaughtUp ? Math.max(GATHER_MS, tookMs * REST_SHARE) : tookMs * REST_SHARE);
        if (isCaughtUp && this.#behindSinceMs === undefined) await this.#rest(LOOK_EVERY_MS, true);
      } catch (error) {
        this.#error = error instanceof Error ? error : new Error(String(error));
        await this.#rest(backoffMs);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      }
    }
  }

  #applyPage(): boolean {
    const behindSinceMs = this.#behindSinceMs;
    const isCaughtUp = this.book.applyNextPage(this.#clock.now());
    if (isCaughtUp && this.#behindSinceMs === behindSinceMs) this.#behindSinceMs = undefined;
    return isCaughtUp;
  }

  /** A step of closing the entries of days that are out of retention; the next one comes with the next turn of the loop. */
  #closeOldEntries(): void {
    const before = Math.floor(this.#clock.now() / DAY_MS) * DAY_MS - this.#retentionMs;
    if (before <= this.#closedBefore) return;
    if (this.#store.closeEntries(before, CLOSE_ENTRIES) === 0) this.#closedBefore = before;
  }

  #lookAtStates(): void {
    if (this.#clock.monotonicMs() < this.#lookAgainAtMs) return;
    this.#lookAgainAtMs = this.#clock.monotonicMs() + LOOK_EVERY_MS;
    for (const budget of this.book.stateChanges(this.#clock.now())) {
      for (const listener of this.#listeners) listener(budget);
    }
  }

  /** Waits for so long; a close ends it at once, and a change where `untilChange`. */
  #rest(delayMs: number, untilChange = false): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#wake = (): void => {};
        resolve();
      };
      const cancel = this.#clock.after(delayMs, finish);
      this.#wake = (): void => {
        if (untilChange || this.#isClosed) finish();
      };
    });
  }
}
