import type { RegionProgress } from '../../reporting/figures.ts';
import type { JsonObject } from '../render/pinot-tables.ts';

/** A cell: whole numbers exact, bigint past 2^53. */
export type PinotCell = string | number | bigint | boolean | null;

/** A whole answer: every server that was asked has answered for all of its part. */
export interface PinotAnswer {
  readonly rows: readonly (readonly PinotCell[])[];
  /** Rows of the table, those of overwritten revisions too. */
  readonly totalDocs: number;
  /** Open segments that were read: one for each partition of the topic once all are there. */
  readonly openSegments: number;
  /** How long Pinot took. */
  readonly ms: number;
}

/** The broker of a region’s Pinot. */
export interface PinotBroker {
  /**
   * Runs one SELECT. Never resolves with a part of the answer. Rejects with AdtallyError: capacity for more groups than Pinot
   * keeps, query_too_long, overloaded, and reporting_unavailable while servers or segments are missing or nobody answers.
   */
  query(sql: string): Promise<PinotAnswer>;
}

/** How far one partition of a load topic has been read. */
export interface ConsumedPartition {
  readonly partition: number;
  readonly segment: string;
  /** CONSUMING while it is read; anything else needs a look. */
  readonly state: string;
  /** Offset that is read next, as the server says; null when it says none. */
  readonly offset: bigint | null;
}

export interface PinotSegment {
  readonly name: string;
  /** What each server that holds it says: ONLINE, CONSUMING, OFFLINE, ERROR. */
  readonly states: Readonly<Record<string, string>>;
}

/**
 * The controller of a region’s Pinot. Everything rejects with AdtallyError: reporting_unavailable when it does not answer,
 * store_failed when it refuses.
 */
export interface PinotController {
  /** Of the controller: "0.11.0"; null when it does not say. */
  version(): Promise<string | null>;
  /** Undefined when there is none. */
  schema(name: string): Promise<JsonObject | undefined>;
  table(name: string): Promise<JsonObject | undefined>;
  createSchema(schema: JsonObject): Promise<void>;
  /** New columns; nothing else may change. */
  updateSchema(name: string, schema: JsonObject): Promise<void>;
  createTable(config: JsonObject): Promise<void>;
  updateTable(name: string, config: JsonObject): Promise<void>;
  /** Fills new columns and indexes into segments that are there. */
  reload(name: string): Promise<void>;
  tables(): Promise<readonly string[]>;
  segments(name: string): Promise<readonly PinotSegment[]>;
  consumed(name: string): Promise<readonly ConsumedPartition[]>;
  /** Bytes of all segments, each copy counted. */
  sizeBytes(name: string): Promise<number>;
  /** Closes the open segments and opens none until `resume`. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Closes the open segments, and opens the next ones. */
  forceCommit(name: string): Promise<void>;
}

/** How far a region’s records have come in this Pinot. */
export interface LoadedRegion extends RegionProgress {
  /** Milliseconds since all of the region was last in it; 0 while it is, null when that is not known. */
  readonly lagMs: number | null;
}
