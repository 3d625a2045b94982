import { postJson } from '../region-api.ts';

/** A cell: whole numbers exact, bigint past 2^53; decimals and times as text; lists and structs as JSON holds them. */
export type SqlCell =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly SqlCell[]
  | { readonly [name: string]: SqlCell };

export interface SqlColumn {
  readonly name: string;
  /** As DuckDB names it: BIGINT, VARCHAR, … */
  readonly type: string;
}

/** Answer of `POST /v1/sql`. */
export interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** Whether there were more rows than an answer may have. */
  readonly truncated: boolean;
  /** How long it took, ms. */
  readonly ms: number;
}

/** The region ends a query after 30 seconds; so much longer is waited for its answer. */
const TIMEOUT_MS = 40_000;

/** Runs one statement that reads. Rejects with a RegionRefusal that has DuckDB's own words. */
export function runSql(sql: string, signal: AbortSignal): Promise<SqlAnswer> {
  return postJson<SqlAnswer>('/v1/sql', signal, { body: JSON.stringify({ sql }), timeoutMs: TIMEOUT_MS });
}
