import type { Clock, UnixMs } from '../base/clock.ts';
import { SECOND_MS } from '../base/units.ts';
import type { Budget } from './budget.ts';
import { BudgetBook } from './budget-book.ts';
import { auditBudget, type BudgetAudit, type HeldRecords } from './budget-audit.ts';
import type { AdMinuteFeed, BudgetStore } from './ports.ts';

/** Changes that come closer together than this are charged together: every page costs a sync of the disk. */
const GATHER_MS = 50;
/** How often states are looked at, and so how late the news of one may be. */
const LOOK_EVERY_MS = SECOND_MS / 2;
/** Times as long as a page takes it rests. */
const REST_SHARE = 4;
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
}

export interface BudgetServiceOptions {
  readonly store: BudgetStore;
  readonly feed: AdMinuteFeed;
  /** What an audit compares the ledger with. */
  readonly held: HeldRecords;
  readonly clock: Clock;
}

/**
 * Follows the change feed and charges what comes. A store that fails stops nobody else: the service says so in its status and tries
 * again, later and later. Whoever closes it waits until the page under way is kept.
 */
export class BudgetService {
  readonly book: BudgetBook;
  readonly #store: BudgetStore;
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

  constructor({ store, feed, held, clock }: BudgetServiceOptions) {
    this.#store = store;
    this.#held = held;
    this.#clock = clock;
    this.book = new BudgetBook(store, feed, clock.now());
    this.#behindSinceMs = clock.monotonicMs();
    this.#stopListening = feed.onChange(() => {
      this.#behindSinceMs ??= clock.monotonicMs();
      this.#wake();
    });
    this.#running = this.#run();
  }

  /** Calls `listener` with a budget whose state has changed; returns how to stop. */
  onStateChange(listener: (budget: Budget) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every campaign's budget now, by id; with `advertiserId`, of that advertiser's campaigns. */
  budgets(advertiserId?: string): Budget[] {
    return this.book.budgets(this.#clock.now(), undefined, undefined, advertiserId);
  }

  status(): BudgetServiceStatus {
    const lagMs = this.#behindSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#behindSinceMs;
    const state = this.#isClosed ? 'closed' : this.#error === undefined ? 'running' : 'failing';
    return {
      state,
      error: this.#error?.message ?? null,
      restartedAt: this.#isClosed ? null : this.#store.position().restartedAt,
      caughtUp: this.#behindSinceMs === undefined,
      lagMs,
      entries: this.#isClosed ? 0 : this.#store.entryCount(),
      charged: this.book.charged,
    };
  }

  /** Charges all there is to charge, with turns for others. */
  async catchUp(): Promise<void> {
    while (!this.#applyPage()) await this.#clock.turn();
  }

  /** Holds the ledger against itself and against the records that the region holds. */
  async audit(): Promise<BudgetAudit> {
    await this.catchUp();
    const turn = (): Promise<void> => this.#clock.turn();
    // In one go with the look at a minute: both sides are of the same instant.
    const catchUp = (): void => {
      while (!this.#applyPage());
    };
    return auditBudget({ store: this.#store, held: this.#held, catchUp, turn });
  }

  /** Resolves when nothing is under way; the store may be closed then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let backoffMs = BACKOFF_MS_MIN;
    while (!this.#isClosed) {
      try {
        const begunMs = this.#clock.monotonicMs();
        const isCaughtUp = this.#behindSinceMs === undefined || this.#applyPage();
        this.#lookAtStates();
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
