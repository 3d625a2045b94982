import type { SqlAnswer } from '../../reporting/sql-answer.ts';

/** A session of HiveServer2: one statement after the other. */
export interface HiveSession {
  /**
   * Runs a statement to its end; what it answers may be cut off, see `truncated`. Rejects with AdtallyError: bad_query when Hive refuses it or
   * fails in it, query_too_long, cluster_unreachable.
   */
  run(statement: string): Promise<SqlAnswer>;
  close(): Promise<void>;
}
