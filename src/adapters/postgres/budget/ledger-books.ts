import type { UnixMs } from '../../../base/clock.ts';
import { MINUTE_MS } from '../../../base/units.ts';
import type { AuditedBooks, BookEntry } from '../../../cluster/audit/ports.ts';
import type { PostgresDatabase } from '../postgres-database.ts';

/** What records were last charged, for the audit: the ledger holds those of all regions and forgets none. */
export class LedgerBooks implements AuditedBooks {
  readonly name = 'ledger';
  readonly kind = 'ad-minutes';
  readonly figures = ['records', 'revisions', 'costMicros'] as const;
  readonly stepMs = MINUTE_MS;
  readonly lagMs = 0;
  readonly advice =
    'See that "adtally budget serve" runs and charges (adtally_budget_charging, adtally_budget_refused_total): what it has not charged yet it charges then.';
  readonly #database: PostgresDatabase;

  private constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  /** Undefined where no budget service has made a ledger. */
  static async open(database: PostgresDatabase): Promise<LedgerBooks | undefined> {
    const [{ made }] = await database.read(
      (sql) => sql`SELECT to_regclass('adtally.charges') IS NOT NULL AS made`,
    );
    return made === true ? new LedgerBooks(database) : undefined;
  }

  heldFrom(): UnixMs {
    return 0;
  }

  async entries(from: UnixMs): Promise<readonly BookEntry[]> {
    const rows = await this.#database.read(
      (sql) => sql`
        SELECT region, minute, count(*) AS records, sum(revision) AS revisions, sum(micros) AS micros
        FROM adtally.charges WHERE minute >= ${from} GROUP BY region, minute`,
    );
    return rows.map((row) => ({
      region: row['region'] as string,
      start: Number(row['minute']),
      sums: {
        records: BigInt(row['records'] as string),
        revisions: BigInt(row['revisions'] as string),
        costMicros: BigInt(row['micros'] as string),
      },
    }));
  }
}
