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
  /** The cursor that was kept with the rows of the last page; undefined before the first one. */
  cursor(feed: FeedId): Promise<string | undefined>;
  /**
   * Takes in the records of a page and its cursor, both or neither: once it resolves they survive a crash. Of a record the
   * highest revision wins, whatever comes in what order and however often.
   */
  load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void>;
}

/** What a report can group campaigns by; null where a campaign has none. */
export interface CampaignAttributes {
  readonly campaignId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
}
