import type { UnixMs } from '../../base/clock.ts';
import type { RecordKind } from '../../union-load/ports.ts';

/**
 * What the books of a kind of record are added up from: how many records and the sum of their revisions, so that a record that is
 * missing, there twice or of another revision shows, and their own figures. Whole numbers; money in micros, of all currencies together.
 */
export const BOOK_FIGURES = {
  'ad-minutes': ['records', 'revisions', 'impressions', 'clicks', 'costMicros'],
  'attributed-orders': ['records', 'revisions', 'creditMicros'],
} as const satisfies Readonly<Record<RecordKind, readonly string[]>>;
export type BookFigure = (typeof BOOK_FIGURES)[RecordKind][number];
export type BookSums = Readonly<Partial<Record<BookFigure, bigint>>>;

/** The records of a region whose minute, or order time, is in one step of time. */
export interface BookEntry {
  /** The region that made the records. */
  readonly region: string;
  /** Start of the step in UTC, Unix ms. */
  readonly start: UnixMs;
  readonly sums: BookSums;
  /** When the records of it were last written, Unix ms; only where that is known. */
  readonly changedAt?: UnixMs;
}

/** Whatever holds records of one kind, of any of the regions, each at its highest revision: a topic, Pinot, Hive, the ledger. */
export interface AuditedBooks {
  /** As it is told to people: `Pinot of a`, `Hive`, `ledger`. */
  readonly name: string;
  readonly kind: RecordKind;
  /** Those that its entries have; the others are not asked of it. */
  readonly figures: readonly BookFigure[];
  /** How long a step is: a whole number of minutes that divides a day, ms. */
  readonly stepMs: number;
  /** How long a record may take from its topic into it: of what is younger nothing is said, ms. 0 for a few seconds. */
  readonly lagMs: number;
  /** What is to be done when it does not hold what the jobs wrote. One sentence. */
  readonly advice: string;
  /** Records of before this may be gone, Unix ms; 0 when it keeps all. Infinity when nothing is held for sure. */
  heldFrom(): UnixMs;
  /**
   * One entry a region and step with anything in it, of the steps that begin at `from` or later. Rejects with AdtallyError, best
   * reporting_unavailable or store_failed, when it cannot tell.
   */
  entries(from: UnixMs): Promise<readonly BookEntry[]>;
}
