import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError, type ErrorCode } from '../../base/errors.ts';
import type { FiguresQuery } from '../../reporting/figures.ts';
import type { RecordQuery } from '../../reporting/record-digest.ts';
import type { ReportFormat } from '../../reporting/reports.ts';
import type { FeedLoadStatus } from '../../union-load/feed-loader.ts';
import type { ReplayCount } from '../../union-load/ports.ts';

/** A region whose feeds are followed. */
export interface FollowedRegion {
  readonly name: string;
  readonly url: string;
  /** Key or shared secret. */
  readonly secret: string | undefined;
}

/** What the worker is started with. */
export interface ReportingWorkerOptions {
  /** The data directory, absolute. */
  readonly directory: string;
  readonly memoryBytes: number;
  readonly threads: number;
  /** The worker's own region first: its campaigns are the ones that count. */
  readonly regions: readonly FollowedRegion[];
}

export type ReplayedRecords = Omit<ReplayCount, 'store'>;

/** What the worker can be asked: one line for each, the question and the answer. */
export interface WorkerCalls {
  readonly figures: { readonly ask: { query: FiguresQuery; format: ReportFormat }; readonly answer: string };
  /** A query, and the JSON of its SqlAnswer. */
  readonly sql: { readonly ask: string; readonly answer: string };
  /** Copies of records for an audit: the JSON of a RecordDigest or a RecordList. */
  readonly records: { readonly ask: RecordQuery; readonly answer: string };
  readonly status: { readonly ask: null; readonly answer: readonly FeedLoadStatus[] };
  /** Takes the store that was made anew in the place of its own; calls wait meanwhile. */
  readonly swap: { readonly ask: null; readonly answer: null };
  /** Makes another store anew from this one, whose writer rests. */
  readonly makeWarehouse: { readonly ask: null; readonly answer: null };
  readonly makeLedger: { readonly ask: { readonly region: string }; readonly answer: null };
  /** Brings this store what it does not hold so, from all feeds. */
  readonly replay: { readonly ask: { readonly from: UnixMs }; readonly answer: ReplayedRecords };
  /** Ends the worker once all is put away. */
  readonly stop: { readonly ask: null; readonly answer: null };
}
export type WorkerCallName = keyof WorkerCalls;

/** Answers to all that can be asked. */
export type WorkerHandlers = {
  readonly [Name in WorkerCallName]: (ask: WorkerCalls[Name]['ask']) => Promise<WorkerCalls[Name]['answer']>;
};

export interface CallMessage {
  readonly call: number;
  readonly name: WorkerCallName;
  readonly ask: unknown;
}

/** What the worker says: that it is ready, why it is not, or the answer to a call. */
export type WorkerMessage =
  | { readonly event: 'ready' }
  | { readonly event: 'progress'; readonly records: number }
  | { readonly event: 'failed'; readonly error: SentError }
  | { readonly event: 'answer'; readonly call: number; readonly answer: unknown }
  | { readonly event: 'refusal'; readonly call: number; readonly error: SentError };

/** An error on its way between threads; `internal` for what nobody expected. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
}

export function sentError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof AdtallyError ? error.code : 'internal', message };
}

export function receivedError({ code, message }: SentError): Error {
  return code === 'internal' ? new Error(message) : new AdtallyError(code, message);
}
