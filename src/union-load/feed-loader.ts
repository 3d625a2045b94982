import { backoffMs } from '../base/backoff.ts';
import type { Clock, UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { pause } from '../base/pause.ts';
import type { FeedId, RecordFeed, RecordPage, Sink } from './ports.ts';

/** Changes that come closer together than this are loaded together: every page costs the sink a transaction. */
const GATHER_MS = 100;
const FIRST_BACKOFF_MS = 250;
/** A region that is back is heard soon; asking one that is gone costs next to nothing. */
const BACKOFF_MS_MAX = 5_000;

export interface FeedLoaderOptions {
  readonly feed: RecordFeed;
  readonly sink: Sink;
  readonly clock: Clock;
  /** From 0 to 1, for the later half of a pause. */
  readonly chance: () => number;
  /** Most records of a page. */
  readonly pageRecords: number;
  /** How long a feed is asked to wait for a change, ms. */
  readonly waitMs: number;
}

/** How far one feed has come in one sink. */
export interface FeedLoadStatus extends FeedId {
  readonly sink: string;
  /** Whether the sink had all of the feed when it was last asked, and nothing has failed since. */
  readonly caughtUp: boolean;
  /** Milliseconds since it last was caught up; 0 while it is, null when it has not been since the start. */
  readonly lagMs: number | null;
  /** Records taken in since the start, a record as often as it came. */
  readonly records: number;
  readonly pages: number;
  /** The region's latest arrival as of the last page, Unix ms; null before the first one. */
  readonly asOf: UnixMs | null;
  /** Why the last attempt failed; null once one succeeds. */
  readonly error: string | null;
  /** Attempts that have failed in a row. */
  readonly failures: number;
  /** How often the feed was read from its beginning again, because it refused the cursor. */
  readonly restarts: number;
}

/**
 * Follows one feed into one sink, page by page, the next page being fetched while one is loaded. A refused cursor means to begin
 * again, which only repeats records. What else fails is tried again, later and later, and disturbs no other loader.
 */
export class FeedLoader {
  readonly #options: FeedLoaderOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Where to go on; undefined from the beginning. */
  #cursor: string | undefined;
  /** Whether `#cursor` is what the sink holds. */
  #isPositioned = false;
  #ahead: Promise<RecordPage> | undefined;
  #last: RecordPage | undefined;
  #caughtUp = false;
  #caughtUpAtMs: number | undefined;
  #error: Error | undefined;
  #records = 0;
  #pages = 0;
  #failures = 0;
  #restarts = 0;

  constructor(options: FeedLoaderOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  status(): FeedLoadStatus {
    const { feed, sink, clock } = this.#options;
    const sinceMs = this.#caughtUpAtMs === undefined ? null : clock.monotonicMs() - this.#caughtUpAtMs;
    return {
      ...feed.id,
      sink: sink.name,
      caughtUp: this.#caughtUp,
      lagMs: this.#caughtUp ? 0 : sinceMs,
      records: this.#records,
      pages: this.#pages,
      asOf: this.#last?.asOf ?? null,
      error: this.#error?.message ?? null,
      failures: this.#failures,
      restarts: this.#restarts,
    };
  }

  /** Resolves when nothing is under way any more: the sink may be closed then. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const isCaughtUp = await this.#loadPage();
        if (isCaughtUp) await pause(this.#options.clock, GATHER_MS, this.#stop.signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        await this.#recover(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** Takes the next page into the sink; whether nothing more had changed. */
  async #loadPage(): Promise<boolean> {
    const { feed, sink } = this.#options;
    if (!this.#isPositioned) {
      this.#cursor = await sink.cursor(feed.id);
      this.#isPositioned = true;
    }
    const page = await (this.#ahead ?? this.#ask(this.#cursor));
    this.#ahead = undefined;
    if (this.#stop.signal.aborted) return true;
    if (!page.caughtUp) this.#askAhead(page.cursor);
    if (this.#isNews(page)) await sink.load(feed.id, page);
    this.#keep(page);
    return page.caughtUp;
  }

  #ask(after: string | undefined): Promise<RecordPage> {
    const { feed, pageRecords, waitMs } = this.#options;
    // Whoever is behind asks for what there is.
    return feed.next(after, pageRecords, this.#caughtUp ? waitMs : 0, this.#stop.signal);
  }

  #askAhead(after: string): void {
    this.#ahead = this.#ask(after);
    // Whoever awaits it hears of a failure; nobody does once the page before it could not be loaded.
    this.#ahead.catch(() => undefined);
  }

  /** A page without records still says how far the region is. */
  #isNews({ records, cursor, asOf, finalBefore }: RecordPage): boolean {
    const last = this.#last;
    const isSame = cursor === last?.cursor && asOf === last.asOf && finalBefore === last.finalBefore;
    return records.length > 0 || !isSame;
  }

  #keep(page: RecordPage): void {
    this.#cursor = page.cursor;
    this.#last = page;
    this.#records += page.records.length;
    this.#pages++;
    this.#failures = 0;
    this.#error = undefined;
    this.#caughtUp = page.caughtUp;
    if (page.caughtUp) this.#caughtUpAtMs = this.#options.clock.monotonicMs();
  }

  async #recover(error: Error): Promise<void> {
    const isRefused = isCursorRefused(error) && this.#cursor !== undefined;
    this.#ahead = undefined;
    this.#failures++;
    this.#error = error;
    if (this.#caughtUp) this.#caughtUpAtMs = this.#options.clock.monotonicMs();
    this.#caughtUp = false;
    // Whether the sink kept the page is for the sink to say.
    this.#isPositioned = isRefused;
    if (isRefused) {
      this.#cursor = undefined;
      this.#restarts++;
    }
    const isFirstRefusal = isRefused && this.#failures === 1;
    if (isFirstRefusal) return;
    const { clock, chance } = this.#options;
    await pause(
      clock,
      backoffMs(this.#failures, FIRST_BACKOFF_MS, chance(), BACKOFF_MS_MAX),
      this.#stop.signal,
    );
  }
}

function isCursorRefused(error: Error): boolean {
  return error instanceof AdtallyError && (error.code === 'bad_cursor' || error.code === 'cursor_expired');
}
