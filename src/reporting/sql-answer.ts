/** A column of the answer to a query: its name and the type the engine gives it. */
export interface SqlColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * A cell: whole numbers exact (bigint past 2^53), decimals and times as text (RFC 3339, UTC), lists and structs as JSON holds
 * them.
 */
export type SqlCell =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly SqlCell[]
  | { readonly [name: string]: SqlCell };

/** What a query brought. */
export interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** Whether there were more rows than an answer may have. */
  readonly truncated: boolean;
  /** How long it took. */
  readonly ms: number;
}
