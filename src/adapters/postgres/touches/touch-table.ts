import { TOUCH_TABLE } from '../../../cluster/touches/touch-table.ts';
import type { TouchStep, TouchTable } from '../../../cluster/touches/touch-plan.ts';
import type { PostgresDatabase } from '../postgres-database.ts';
import { asTemplate } from '../sql-text.ts';

/** Of an advisory lock: one process changes the table. */
const CHANGING = 4_127_003;

export class PostgresTouchTable implements TouchTable {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  partitions(): Promise<readonly string[] | undefined> {
    return this.#database.read(async (sql) => {
      const [{ id }] = await sql`SELECT to_regclass(${TOUCH_TABLE})::oid AS id`;
      if (id === null) return undefined;
      const rows = await sql`
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = ${id as number} ORDER BY relname`;
      return rows.map(({ relname }) => relname as string);
    });
  }

  run({ statements }: TouchStep): Promise<void> {
    return this.#database.transaction(async (sql) => {
      await sql`SELECT pg_advisory_xact_lock(${CHANGING})`;
      for (const statement of statements) await sql(asTemplate(statement));
    });
  }
}
