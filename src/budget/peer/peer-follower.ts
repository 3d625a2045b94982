import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { RecordFeed, RecordPage } from '../../union-load/ports.ts';
import { PAGE_RECORDS, type BudgetBook } from '../budget-book.ts';
import { peerRecordFault } from './peer-record.ts';
import { RetryLoop } from './retry-loop.ts';

/** How long the other region may wait for a change before it answers. */
const WAIT_MS = 20 * SECOND_MS;
/** Changes that come closer together than this are charged together. */
const GATHER_MS = 50;
/** Times as long as a page takes it rests: the region's own counting comes first. */
const REST_SHARE = 4;
const CURSOR_LENGTH_MAX = 200;

/** How the ledger stands with the feed of one region. */
export interface FeedStatus {
  readonly region: string;
  readonly state: 'running' | 'failing' | 'closed';
  /** Why the last attempt failed, while failing. */
  readonly error: string | null;
  /** Whether nothing was left to charge when the region last answered. */
  readonly caughtUp: boolean;
  /** How long there may have been something to charge, ms; 0 when caught up. */
  readonly lagMs: number;
  /** When the cursor was kept, Unix ms; null before the first page. */
  readonly cursorKeptAt: UnixMs | null;
  /** When the feed last had to be read from its beginning, Unix ms; null when never. */
  readonly restartedAt: UnixMs | null;
  /** Records charged since the start. */
  readonly charged: number;
  /** Records refused since the start: not of that region, or no ad minutes at all. */
  readonly refused: number;
  /** Why the last one was refused; null when none was. */
  readonly refusal: string | null;
}

export interface PeerFollowerOptions {
  readonly book: BudgetBook;
  readonly feed: RecordFeed<'ad-minutes'>;
  readonly clock: Clock;
}

/** Follows the feed of the other region. Whatever that one does delays only its own records. */
export class PeerFollower {
  readonly #book: BudgetBook;
  readonly #feed: RecordFeed<'ad-minutes'>;
  readonly #clock: Clock;
  readonly #loop: RetryLoop;
  #isClosed = false;
  #faults = 0;
  #fault: string | null = null;
  /** Monotonic ms since when there may be something to charge; undefined when caught up. */
  #behindSinceMs: number | undefined;

  constructor({ book, feed, clock }: PeerFollowerOptions) {
    this.#book = book;
    this.#feed = feed;
    this.#clock = clock;
    this.#behindSinceMs = clock.monotonicMs();
    this.#loop = new RetryLoop(clock, (stop) => this.#step(stop));
  }

  get region(): string {
    return this.#feed.id.region;
  }

  status(): FeedStatus {
    const { region } = this;
    const { charged, refused, refusal } = this.#book.tally(region);
    const position = this.#isClosed ? undefined : this.#book.position(region);
    const error = this.#loop.error;
    return {
      region,
      state: this.#isClosed ? 'closed' : error === undefined ? 'running' : 'failing',
      error: error?.message ?? null,
      caughtUp: this.#behindSinceMs === undefined,
      lagMs: this.#behindSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#behindSinceMs,
      cursorKeptAt: position?.keptAt ?? null,
      restartedAt: position?.restartedAt ?? null,
      charged,
      refused: refused + this.#faults,
      refusal: refusal ?? this.#fault,
    };
  }

  /** Resolves when nothing is under way; the store may be closed then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#loop.close();
  }

  async #step(stop: AbortSignal): Promise<number> {
    try {
      const { cursor } = this.#book.position(this.region);
      const { page, restarted } = await this.#nextPage(cursor, stop);
      if (stop.aborted) return 0;
      // The ledger was made anew meanwhile: the page follows another one than this.
      if (cursor !== this.#book.position(this.region).cursor) return 0;
      const begunMs = this.#clock.monotonicMs();
      this.#charge(page, restarted);
      this.#behindSinceMs = page.caughtUp ? undefined : (this.#behindSinceMs ?? begunMs);
      return Math.max(GATHER_MS, (this.#clock.monotonicMs() - begunMs) * REST_SHARE);
    } catch (error) {
      this.#behindSinceMs ??= this.#clock.monotonicMs();
      throw error;
    }
  }

  /** When the region does not know the cursor any more, or has lost its data, the page is the first one of all. */
  async #nextPage(
    cursor: string | undefined,
    stop: AbortSignal,
  ): Promise<{ readonly page: RecordPage<'ad-minutes'>; readonly restarted: boolean }> {
    try {
      return { page: await this.#ask(cursor, stop), restarted: false };
    } catch (error) {
      const code = error instanceof AdtallyError ? error.code : undefined;
      if (cursor === undefined || (code !== 'bad_cursor' && code !== 'cursor_expired')) throw error;
      if (stop.aborted) throw error;
      return { page: await this.#ask(undefined, stop), restarted: true };
    }
  }

  async #ask(cursor: string | undefined, stop: AbortSignal): Promise<RecordPage<'ad-minutes'>> {
    // Only what is known to be up to date has time to wait: the first answer says whether it is.
    const waitMs = this.#behindSinceMs === undefined ? WAIT_MS : 0;
    const page = await this.#feed.next(cursor, PAGE_RECORDS, waitMs, stop);
    const { cursor: next, records } = page;
    if (
      typeof next !== 'string' ||
      next === '' ||
      next.length > CURSOR_LENGTH_MAX ||
      !Array.isArray(records)
    ) {
      throw new AdtallyError('internal', `What region ${this.region} sent is no page of ad minutes.`);
    }
    return page;
  }

  #charge(page: RecordPage<'ad-minutes'>, restarted: boolean): void {
    const records: AdMinute[] = [];
    for (const record of page.records) {
      const fault = peerRecordFault(record);
      if (fault === undefined) records.push(record);
      else {
        this.#faults++;
        this.#fault = `A record in the feed of region ${this.region}: ${fault}.`;
      }
    }
    this.#book.chargePage(this.region, { ...page, records }, restarted, this.#clock.now());
  }
}
