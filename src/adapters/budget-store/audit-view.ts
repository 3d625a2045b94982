import { DatabaseSync } from 'node:sqlite';
import type { AuditView, Charge, ClosingBalance, SpendRow, StoredEntry } from '../../budget/ports.ts';
import { checkSchema } from './schema.ts';
import {
  chargeOfRow,
  closingOfRow,
  entryOfRow,
  spendOfRow,
  type ChargeRow,
  type ClosingBigRow,
  type EntryRow,
  type SpendBigRow,
} from './sqlite-rows.ts';

/** The file as it is now, however long it is read: a reader of a write-ahead log sees the commit it began at. */
export class SqliteAuditView implements AuditView {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true });
    checkSchema(this.#database, path);
    // The view is of the first read in a transaction.
    this.#database.exec('BEGIN; SELECT store_id FROM origin');
  }

  *entries(): IterableIterator<StoredEntry> {
    const rows = this.#database.prepare('SELECT * FROM entries ORDER BY id').iterate();
    for (const row of rows) yield entryOfRow(row as unknown as EntryRow);
  }

  *closings(): IterableIterator<ClosingBalance> {
    const statement = this.#database.prepare('SELECT * FROM closings');
    statement.setReadBigInts(true);
    for (const row of statement.iterate()) yield closingOfRow(row as unknown as ClosingBigRow);
  }

  *charges(): IterableIterator<Charge> {
    for (const row of this.#database.prepare('SELECT * FROM charges').iterate()) {
      yield chargeOfRow(row as unknown as ChargeRow);
    }
  }

  *spend(): IterableIterator<SpendRow> {
    const statement = this.#database.prepare('SELECT * FROM spend');
    statement.setReadBigInts(true);
    for (const row of statement.iterate()) yield spendOfRow(row as unknown as SpendBigRow);
  }

  close(): void {
    this.#database.close();
  }
}
