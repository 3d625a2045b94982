import type { UnixMs } from '../../../base/clock.ts';
import type { AppliedPage } from '../../../budget/ledger.ts';
import type { Ledger } from '../../../budget/ports.ts';
import { BufferedLedger } from '../../../cluster/budget/buffered-ledger.ts';
import type { ChargedBatch, ChargingStore, Lease, SourcePosition } from '../../../cluster/budget/ports.ts';
import type { PostgresDatabase, Statement } from '../postgres-database.ts';
import { lookAtCampaigns, type LookRules } from './campaign-look.ts';
import { addEntries, addSpend, closeOldest, putCharges } from './ledger-writes.ts';
import { chargeOfRow } from './rows.ts';

/** How long a process that says nothing keeps the lease. By the clock of the server: those of the processes do not matter. */
const LEASE = '5 seconds';

export class PostgresChargingStore implements ChargingStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  takeLease(holder: string): Promise<Lease | undefined> {
    return this.#database.read(async (sql) => {
      const [row] = await sql`
        UPDATE adtally.charger SET epoch = epoch + 1, holder = ${holder}, until = clock_timestamp() + ${LEASE}::interval
        WHERE until < clock_timestamp() OR holder = ${holder} RETURNING epoch`;
      return row === undefined ? undefined : { epoch: row['epoch'] as string };
    });
  }

  giveBack({ epoch }: Lease): Promise<void> {
    return this.#database.read(async (sql) => {
      await sql`UPDATE adtally.charger SET until = '-infinity' WHERE epoch = ${epoch}`;
    });
  }

  positions(topic: string): Promise<SourcePosition[]> {
    return this.#database.read(async (sql) => {
      const rows = await sql`
        SELECT partition, next_offset, restarted_at FROM adtally.positions WHERE topic = ${topic}`;
      return rows.map(({ partition, next_offset: next, restarted_at: restartedAt }) => ({
        partition: partition as number,
        next: BigInt(next as string),
        restartedAt: restartedAt === null ? null : Number(restartedAt),
      }));
    });
  }

  charge(
    lease: Lease,
    batch: ChargedBatch,
    apply: (ledger: Ledger) => AppliedPage,
  ): Promise<AppliedPage | undefined> {
    return this.#asHolder(lease, async (sql) => {
      const rows = await sql`
        SELECT * FROM adtally.charges WHERE record_id = ANY(${batch.recordIds as string[]}::uuid[])`;
      const ledger = new BufferedLedger(rows.map(chargeOfRow));
      const applied = apply(ledger);
      await putCharges(sql, ledger.charges);
      await addEntries(sql, ledger.entries);
      await addSpend(sql, ledger.spend);
      if (applied.campaigns.size > 0) {
        await sql`UPDATE adtally.campaigns SET look_at = 0 WHERE campaign_id = ANY(${[...applied.campaigns]}::text[])`;
      }
      await putPosition(sql, batch, applied.refused.length);
      return applied;
    });
  }

  look(lease: Lease, now: UnixMs, rules: LookRules): Promise<number | undefined> {
    return this.#asHolder(lease, (sql) => lookAtCampaigns(sql, now, rules));
  }

  closeEntries(lease: Lease, before: UnixMs, limit: number): Promise<number | undefined> {
    return this.#asHolder(lease, (sql) => closeOldest(sql, before, limit));
  }

  /** Renewing locks the one row of the lease: whoever wants to take it waits for the commit, and whoever has lost it finds nothing. */
  #asHolder<Result>(
    { epoch }: Lease,
    work: (sql: Statement) => Promise<Result>,
  ): Promise<Result | undefined> {
    return this.#database.transaction(async (sql) => {
      const { count } = await sql`
        UPDATE adtally.charger SET until = clock_timestamp() + ${LEASE}::interval WHERE epoch = ${epoch}`;
      return count === 1 ? await work(sql) : undefined;
    });
  }
}

async function putPosition(
  sql: Statement,
  { topic, position, now }: ChargedBatch,
  refused: number,
): Promise<void> {
  const { partition, next, restartedAt } = position;
  await sql`
    INSERT INTO adtally.positions VALUES (${topic}, ${partition}, ${String(next)}, ${restartedAt}, ${now}, ${refused})
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, restarted_at = excluded.restarted_at,
      kept_at = excluded.kept_at, refused = positions.refused + excluded.refused`;
}
