import type { DatabaseSync } from 'node:sqlite';

/** What a ledger is; campaigns and the file's own id stay. */
const LEDGER_TABLES = ['charges', 'entries', 'closings', 'spend', 'positions'] as const;

/**
 * Puts the ledger of the file at `path` in the place of the one in `database`, in one transaction: whoever reads sees the old one or
 * the new one, and so does the next start after a crash.
 */
export function takeLedger(database: DatabaseSync, path: string): void {
  database.exec(`ATTACH '${path.replaceAll("'", "''")}' AS made`);
  try {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const table of LEDGER_TABLES) {
        database.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM made.${table}`);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  } finally {
    database.exec('DETACH made');
  }
}
