import type { UnixMs } from '../base/clock.ts';
import type { PendingOrder } from '../enrichment/ports.ts';
import type { AdMinute, AdMinuteFigures } from '../model/ad-minute.ts';

import type { AttributedOrder, EnrichmentStatus } from '../model/attributed-order.ts';
import type { Order } from '../model/order.ts';
import type { BodyFormat, Ingest } from '../model/request/ingest.ts';
import type { OrderReceipt } from '../model/order-receipt.ts';
import type { OrderVerdict } from '../model/order-verdict.ts';
import type { IngestReceipt, Verdict, VerdictCounts } from '../model/verdict.ts';
import type { Touch, TouchExplanation } from '../model/touch.ts';

/**
 * The disk as the engine needs it. Paths are relative to the data directory, with `/`.
 * Every failure rejects; after a failed write or sync the engine stops and never tries that file again.
 */
export interface Disk {
  /** Makes the directory and its parents where missing. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(path: string): Promise<string[]>;
  /** Size in bytes, or undefined when there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** Opens an existing file for reading. */
  openRead(path: string): Promise<ReadableFile>;
  /** Opens for writing: `create` refuses an existing file, `existing` needs one. */
  openWrite(path: string, mode: 'create' | 'existing'): Promise<WritableFile>;
  /** Atomically gives a file a new name, over an existing one. Durable after syncDirectory. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; no error when there is none. Durable after syncDirectory. */
  remove(path: string): Promise<void>;
  /** Makes the directory's entries durable. */
  syncDirectory(path: string): Promise<void>;
}

export interface ReadableFile {
  /** Fills `into` from `position`; resolves to the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** The same at once, for a few bytes that the state machine cannot go on without. */
  readSync(into: Uint8Array, position: number): number;
  close(): Promise<void>;
}

export interface WritableFile {
  /** Writes all of `bytes` at `position`, or rejects. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** fdatasync: resolves once everything written before is on stable storage. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A page of a change feed. */
export interface ChangePage<R> {
  /** The latest revision of each record that changed after the cursor, oldest change first. */
  readonly records: readonly R[];
  /** Where to go on; valid across restarts. */
  readonly cursor: string;
  /** Whether nothing more had changed when the page was made. */
  readonly caughtUp: boolean;
  /** The latest arrival that was visible when the page was made, Unix ms; 0 when there was none. */
  readonly asOf: UnixMs;
  /** No event accepted later can change records of minutes, or orders, before this, Unix ms. */
  readonly finalBefore: UnixMs;
}

export interface AdMinuteFilter {
  readonly adId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly advertiserId?: string | undefined;
  readonly currency?: string | undefined;
  /** Event time, Unix ms, from inclusive to exclusive; whole minutes are compared by their start. */
  readonly from: UnixMs;
  readonly to: UnixMs;
}

/** Verdicts of one minute of arrival. */
export interface ArrivalMinute {
  /** Start of the minute of arrival, Unix ms. */
  readonly minute: UnixMs;
  readonly received: number;
  readonly verdicts: VerdictCounts;
}

/** Sums over cells, exact: micros may pass 2^53. */
export interface CellSums {
  readonly records: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly costMicros: bigint;
}

/** What the region says of its own books; `balanced` is computed from independent sums. */
export interface AuditReport {
  readonly balanced: boolean;
  readonly received: number;
  readonly verdicts: VerdictCounts;
  /** Per minute of arrival, within the retention; oldest first. */
  readonly minutes: readonly ArrivalMinute[];
  /** Verdicts of minutes that have left the retention. */
  readonly earlier: { readonly received: number; readonly verdicts: VerdictCounts };
  /** Re-summed from the cells now. */
  readonly cells: CellSums;
  /** Sums of the cells that have left the retention. */
  readonly retiredCells: CellSums;
  /** What the counters say was counted in all; equals cells + retiredCells + yielded when balanced. */
  readonly counted: CellSums;
  /** Of it, what was found to be the other region's and taken out again; `records` is 0. */
  readonly yielded: CellSums;
  readonly orders: OrderBooks;
  /** In plain words, what does not balance; empty when balanced. */
  readonly differences: readonly string[];
}

/** Versions of orders, and what became of them. */
export interface OrderCounts {
  received: number;
  readonly verdicts: Record<OrderVerdict, number>;
}

/** Those of one minute of arrival. */
export interface OrderMinute extends OrderCounts {
  /** Start of the minute of arrival, Unix ms. */
  readonly minute: UnixMs;
}

/** What became of all versions of orders that came in. */
export interface OrderBooks {
  /** Whether each of them has a verdict, in all and in every minute, and the minutes add up to the whole. */
  readonly balanced: boolean;
  readonly received: number;
  readonly verdicts: Readonly<Record<OrderVerdict, number>>;
  /** Per minute of arrival, within the retention; oldest first. */
  readonly minutes: readonly OrderMinute[];
  /** Those of minutes that have left the retention. */
  readonly earlier: OrderCounts;
}

export interface QuarantineEntry {
  /** Grows with arrival; stable across restarts. */
  readonly id: number;
  readonly arrival: UnixMs;
  readonly verdict: Exclude<Verdict, 'counted' | 'duplicate'>;
  readonly code: string;
  readonly message: string;
  readonly eventId: string | null;
  readonly sizeBytes: number;
}

export interface QuarantineList {
  readonly entries: readonly QuarantineEntry[];
  /** How many are held now. */
  readonly held: number;
  /** How many have been dropped, oldest first, since the region began. */
  readonly dropped: number;
}

/** An order as it stands, and why. */
export interface OrderReport {
  readonly order: Order;
  /** When its first version arrived, Unix ms. */
  readonly firstArrival: UnixMs;
  readonly records: readonly AttributedOrder[];
  /** Every touch that was considered, latest first. */
  readonly touches: readonly TouchExplanation[];
}

/** What the order service said of a version of an order; `pending` when it is to be asked again. */
export interface OrderAnswer {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly status: EnrichmentStatus;
  readonly enrichment: Readonly<Record<string, unknown>> | null;
  /** Only with `pending`: until when an answer is waited for, Unix ms. */
  readonly deadline?: UnixMs;
}

/** Orders in numbers. */
export interface OrderStatusCounts {
  readonly received: number;
  readonly verdicts: Readonly<Record<OrderVerdict, number>>;
  /** Orders held. */
  readonly held: number;
  /** Of them, those that wait for the order service. */
  readonly pending: number;
}

/** What filling in old events would add to one ad on one day (UTC). */
export interface BackfillSums {
  /** Start of the day, Unix ms. */
  readonly day: UnixMs;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  impressions: number;
  clicks: number;
  costMicros: bigint;
}

/** What filling in old events would change. */
export interface BackfillPreview {
  readonly received: number;
  readonly verdicts: VerdictCounts;
  readonly changes: readonly BackfillSums[];
  /** Positions of the events that would not be counted, from 0. */
  readonly notCounted: readonly number[];
}

/** How far a region has taken in what its peer has counted. */
export interface PeerPosition {
  /** Data id of the peer's data directory; empty before the first page. */
  readonly data: string;
  /** Number of its last block that has been taken in. */
  readonly block: number;
}

/** The type of a page for the peer on its way: as the region makes it, compressed with zstd. */
export const PEER_PAGE_TYPE = 'application/vnd.adtally.peer-page+zstd';

/** How pulling from the peer goes. */
export interface PullStatus {
  /** Whether the last question was answered. */
  readonly isConnected: boolean;
  /** Pages taken in since the start. */
  readonly pages: number;
  /** Since when the peer has not answered, Unix ms; null when it does. */
  readonly silentSince: UnixMs | null;
  /** What was wrong the last time; null when nothing was. */
  readonly lastError: string | null;
}

/** The way to the other region. */
export interface PeerLink {
  /** Its name, and where it is asked. */
  readonly region: string;
  readonly url: string;
  status(): PullStatus;
}

/** How two regions stand to each other, seen from one of them. */
export interface PeerStatus extends PeerPosition {
  /** Everything that arrived at the peer up to this time of its clock has been taken in, Unix ms; 0 before the first page. */
  readonly through: UnixMs;
  /** The peer has taken in everything that arrived here up to this time, Unix ms; 0 before it said so. */
  readonly ack: UnixMs;
  /** Until when nothing can come from anywhere any more that concerns earlier arrivals, Unix ms. */
  readonly settled: UnixMs;
  /** Blocks of the peer that were gone there before they were taken in. */
  readonly blocksMissed: number;
  /** Number of this region's last block that the peer has taken in, as its last question said. */
  readonly takenThrough: number;
  /** Events counted here that were found to be the peer's, and are not counted here any more. */
  readonly yielded: number;
}

/** Gauges and counters for metrics, health and the live page. */
export interface RegionStatus {
  readonly region: string;
  readonly startedAt: UnixMs;
  /** Number of the last log block that is visible. */
  readonly visibleBlock: number;
  readonly received: number;
  readonly verdicts: VerdictCounts;
  readonly records: number;
  /** Ad minutes of before this, and orders of before the other, are not held any more, Unix ms; 0 when all are. */
  readonly recordsFrom: UnixMs;
  readonly ordersFrom: UnixMs;
  readonly rememberedIds: number;
  readonly idIndexBytes: number;
  /** Bytes accepted but not yet answered. */
  readonly pendingBytes: number;
  readonly logBytes: number;
  readonly logSegments: number;
  readonly logBytesWritten: number;
  readonly snapshotBytesWritten: number;
  readonly commits: number;
  readonly commitMsLast: number;
  readonly snapshots: number;
  readonly touches: number;
  /** Memory of touches that are not on the disk yet. */
  readonly touchMemoryBytes: number;
  readonly touchRuns: number;
  readonly quarantineHeld: number;
  readonly quarantineDropped: number;
  readonly orders: OrderStatusCounts;
  readonly recovery: RecoveryReport;
  /** Null where the pipeline has one region. */
  readonly peer: PeerStatus | null;
}

/** What happened when the region started. */
export interface RecoveryReport {
  readonly durationMs: number;
  readonly snapshotIds: number;
  readonly replayedBlocks: number;
  readonly replayedEvents: number;
  /** Bytes of an unacknowledged, torn write that were cut off the end of the log. */
  readonly tornBytesCut: number;
}

/** One region of the embedded engine, as the server and the command line see it. All reads show committed events only. */
export interface Region extends Ingest {
  readonly name: string;
  /**
   * Takes in a request body, which must not change until the answer. Resolves once its events are durable and counted; rejects with AdtallyError (overloaded,
   * too_large, capacity, stopping, disk_failed), and then nothing of it was counted or the disk has failed.
   */
  ingest(body: Uint8Array, format: BodyFormat): Promise<IngestReceipt>;
  /** The same for orders. */
  ingestOrders(body: Uint8Array, format: BodyFormat): Promise<OrderReceipt>;
  /**
   * Takes in old events, as NDJSON, up to an age of `maxAgeMs`; those that were counted before are duplicates, as long as their
   * touches are kept. Rejects as ingest does, and with bad_request when `maxAgeMs` is more than can be told apart.
   */
  backfill(events: Uint8Array, maxAgeMs: number): Promise<IngestReceipt>;
  /** What backfill() would do now; changes nothing. Throws as it does. */
  previewBackfill(events: Uint8Array, maxAgeMs: number): BackfillPreview;
  /** The order with this id, and why it was attributed as it was; undefined when none is held. */
  order(orderId: string): OrderReport | undefined;
  /** The records of orders that changed last, newest change first. */
  latestOrders(limit: number): readonly AttributedOrder[];
  /** Orders that wait for the order service, the earliest deadline first; none of `except`. */
  pendingOrders(limit: number, except: ReadonlySet<string>): readonly PendingOrder[];
  /** Takes in what the order service said of an order; resolves once that is durable. An answer that is out of date changes nothing. */
  enrich(answer: OrderAnswer): Promise<void>;
  /** Has the order service asked again for orders it gave no answer for, 10,000 at most; resolves to how many. */
  retryEnrichment(): Promise<number>;
  /** The records of each order held, order by order. Whoever pauses between two of them sees later ones as they are then. */
  attributedOrders(): IterableIterator<readonly AttributedOrder[]>;
  /** As changedAdMinutes. */
  changedOrders(after: string | undefined, limit: number): ChangePage<AttributedOrder>;
  /** Records in the filter, by minute. Whoever pauses between two of them sees later ones as they are then. */
  adMinutes(filter: AdMinuteFilter): IterableIterator<AdMinuteFigures>;
  /** Throws AdtallyError bad_cursor or cursor_expired. */
  changedAdMinutes(after: string | undefined, limit: number): ChangePage<AdMinute>;
  /** Calls `listener` after each group of events has become visible; returns how to stop. */
  onChange(listener: (change: VisibleChange) => void): () => void;
  audit(): AuditReport;
  /** Newest first, before `before` when given. */
  quarantine(options: { limit: number; before?: number | undefined }): Promise<QuarantineList>;
  /** The raw bytes of an entry as received. */
  quarantineRaw(id: number): Promise<Uint8Array>;
  /** Judges the entries again, as events that arrive now; they leave the quarantine. */
  replayQuarantine(ids: readonly number[]): Promise<IngestReceipt>;
  /**
   * Counted events of a user with event times from `from` to `to`, Unix ms, both included; by time, then by event id. Throws
   * data_corrupt when what is read from the disk is damaged.
   */
  touches(userId: string, from: UnixMs, to: UnixMs): readonly Touch[];
  /** How far the peer has been heard: where its next page begins. */
  peerPosition(): PeerPosition;
  /**
   * Takes in a page that the peer made; resolves once that is durable and applied. Rejects as ingest does, and with bad_request
   * when it is no page.
   */
  takePeerPage(page: Uint8Array): Promise<void>;
  /** The page for the peer that follows a position of this region's log. Rejects with bad_cursor when it does not reach so far. */
  peerPage(after: PeerPosition): Promise<{ readonly page: Uint8Array; readonly isEmpty: boolean }>;
  status(): RegionStatus;
  /** Bytes accepted but not yet answered: status().pendingBytes at less cost. */
  pendingBytes(): number;
  /** The latest arrival whose events are visible, Unix ms; 0 when there is none. */
  asOf(): UnixMs;
  /** Takes a snapshot now. */
  snapshot(): Promise<void>;
  /** Answers what was accepted, syncs, takes a last snapshot, closes. */
  close(): Promise<void>;
  /** Resolves with the error that stopped the region, should one. */
  readonly failed: Promise<Error>;
}

/** A group of requests that became visible together. */
export interface VisibleChange {
  readonly received: number;
  readonly verdicts: VerdictCounts;
  /** When the group's requests were accepted, oldest, monotonic ms. */
  readonly acceptedAtMs: number;
  /** When it was durable and visible, monotonic ms. */
  readonly visibleAtMs: number;
}
