import type { FeedLoadStatus } from '../union-load/feed-loader.ts';
import type { FiguresQuery } from './figures.ts';
import type { RecordQuery } from './record-digest.ts';

export const REPORT_FORMATS = ['json', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The reporting store, seen by whoever serves it. */
export interface Reports {
  /**
   * The text of a report: JSON of a FiguresReport, or CSV. Rejects with AdtallyError: bad_request, capacity, overloaded, and
   * reporting_unavailable while the store is not at hand.
   */
  figures(query: FiguresQuery, format: ReportFormat): Promise<string>;
  /**
   * The JSON of the SqlAnswer to a query over both stores. Rejects with AdtallyError: bad_query, query_too_long, overloaded,
   * reporting_unavailable.
   */
  sql(query: string): Promise<string>;
  /**
   * The JSON of a RecordDigest, or without a step of a RecordList, of the copies of records in the store. Rejects with
   * AdtallyError: overloaded, reporting_unavailable.
   */
  records(query: RecordQuery): Promise<string>;
  status(): Promise<ReportsStatus>;
}

export interface ReportsStatus {
  readonly state: 'starting' | 'running' | 'failing' | 'closed';
  /** Why it is not running, or last was not; null when it has run from the start. */
  readonly error: string | null;
  /** How often it was started again. */
  readonly restarts: number;
  /** One for each region and kind of record; none while it is not running. */
  readonly feeds: readonly FeedLoadStatus[];
}

/** The warehouse, seen by whoever serves it. */
export interface WarehouseView {
  status(): Promise<WarehouseStatus>;
}

/** The warehouse, as `ReportsStatus`. */
export interface WarehouseStatus extends ReportsStatus {
  /** Published files. */
  readonly files: number;
  /** Rows that wait in memory for others. */
  readonly rowsWaiting: number;
}
