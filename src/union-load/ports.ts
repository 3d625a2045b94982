import type { UnixMs } from '../base/clock.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { AttributedOrder } from '../model/attributed-order.ts';

/** The records that regions hand on, by the name of their change feed: `GET /v1/changes/<kind>`. */
export interface RecordKinds {
  readonly 'ad-minutes': AdMinute;
  readonly 'attributed-orders': AttributedOrder;
}
export type RecordKind = keyof RecordKinds;
export const RECORD_KINDS = ['ad-minutes', 'attributed-orders'] as const satisfies readonly RecordKind[];

/** Which feed: of each region there is one of each kind. */
export interface FeedId<Kind extends RecordKind = RecordKind> {
  readonly region: string;
  readonly kind: Kind;
}

/** A page of a feed: the latest revision of each record that changed after the cursor it was asked with. */
export interface RecordPage<Kind extends RecordKind = RecordKind> {
  readonly records: readonly RecordKinds[Kind][];
  /** Where to go on; valid across restarts of the region. */
  readonly cursor: string;
  /** Whether nothing more had changed when the page was made. */
  readonly caughtUp: boolean;
  /** The latest arrival that the region had visible when it made the page, Unix ms; 0 when there was none. */
  readonly asOf: UnixMs;
  /** No event that the region accepts later changes records of minutes, or orders, before this, Unix ms. */
  readonly finalBefore: UnixMs;
}

/**
 * The change feed of a region, near or far. A record may come at any time, many times, with any revision left out; nothing else
 * may be relied on.
 */
export interface RecordFeed<Kind extends RecordKind = RecordKind> {
  readonly id: FeedId<Kind>;
  /**
   * The page after the cursor, from the beginning without one; when nothing has changed, what comes within `waitMs`. Rejects
   * with AdtallyError: bad_cursor or cursor_expired (begin again without a cursor), region_unreachable, or as the region says.
   */
  next(
    after: string | undefined,
    limit: number,
    waitMs: number,
    stop: AbortSignal,
  ): Promise<RecordPage<Kind>>;
}

/** A store that records are loaded into. One call at a time. */
export interface Sink {
  /** `reporting`, `warehouse`, … */
  readonly name: string;
  /**
   * The cursor of the last page that survives a crash, with all pages before it; undefined before the first one. A loader goes
   * on from here and from nowhere else after a start or a failure.
   */
  cursor(feed: FeedId): Promise<string | undefined>;
  /**
   * Takes in the records of a page and its cursor, both or neither. Once it resolves the next page may come; what it took in
   * survives a crash when `cursor` tells the cursor of that page or of a later one, which may be at once or when enough has
   * gathered. Of a record the highest revision wins, whatever comes in what order and however often.
   */
  load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void>;
}

/** A sink that records can be brought to besides its feeds: from another store, or read once more. */
export interface RefillableSink extends Sink {
  /** Takes in records as `load` does; no cursor moves. They survive a crash once a `flush` after it has resolved. */
  fill<Kind extends RecordKind>(kind: Kind, records: readonly RecordKinds[Kind][]): Promise<void>;
  /**
   * Those of the records that it does not hold so: none of them, an earlier revision, or another content. Rejects with
   * AdtallyError data_corrupt for what only a rebuild can mend.
   */
  differing<Kind extends RecordKind>(
    kind: Kind,
    records: readonly RecordKinds[Kind][],
  ): Promise<readonly RecordKinds[Kind][]>;
  flush(): Promise<void>;
}

/** All that a store holds, the latest revision of each record, in pages. */
export interface RecordSource {
  records<Kind extends RecordKind>(kind: Kind): AsyncIterable<readonly RecordKinds[Kind][]>;
}

/** The stores that are made of records, and can be made anew. */
export const STORES = ['reporting', 'warehouse', 'budget'] as const;
export type StoreName = (typeof STORES)[number];

/** What reading the records again did to a store. */
export interface ReplayCount {
  readonly store: StoreName;
  /** Records from the time on, as often as they came. */
  records: number;
  /** Those that the store did not hold so. */
  changed: number;
}

/** A rebuild or a replay that is under way, or was the last one. */
export interface UpkeepTask {
  /** `rebuild reporting`, …, `replay`. */
  readonly task: string;
  readonly state: 'running' | 'done' | 'failed';
  /** What it is at, in words. */
  readonly step: string;
  /** Records brought to the new store, or read again, so far. */
  readonly records: number;
  readonly startedAt: UnixMs;
  readonly endedAt: UnixMs | null;
  /** Why it failed. */
  readonly error: string | null;
  /** Of a replay that is done. */
  readonly counts: readonly ReplayCount[] | null;
}

/** What a report can group campaigns by; null where a campaign has none. */
export interface CampaignAttributes {
  readonly campaignId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
}

/** What looks after the stores of a region. */
export interface Upkeep {
  /** Begins to make a store anew; resolves when it is done. Rejects with AdtallyError, overloaded while another task is under way. */
  rebuild(store: StoreName): Promise<void>;
  /** Brings every store what it does not hold so, of minutes and orders from `from` on. Rejects as rebuild does. */
  replay(from: UnixMs): Promise<readonly ReplayCount[]>;
  /** The task under way, or the last one since the start; null before the first one. */
  task(): UpkeepTask | null;
}
