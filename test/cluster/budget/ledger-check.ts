import type { PostgresDatabase } from '../../../src/adapters/postgres/postgres-database.ts';
import { LedgerBooks } from '../../../src/adapters/postgres/budget/ledger-books.ts';
import { PostgresLedgerSums } from '../../../src/adapters/postgres/budget/ledger-sums-reader.ts';
import { unequalCampaigns } from '../../../src/cluster/budget/ledger-sums.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { expect } from 'vitest';
import { NaiveLedger } from '../../budget/naive-ledger.ts';

/** Holds the ledger in PostgreSQL against one that sums everything anew, to the micro. */
export async function expectLedgerOf(
  records: readonly AdMinute[],
  database: PostgresDatabase,
): Promise<void> {
  const naive = new NaiveLedger();
  for (const record of records) naive.take(record);
  expect(await spendOf(database)).toEqual(naive.spend());
  const sums = await new PostgresLedgerSums(database).read();
  expect(unequalCampaigns(sums)).toEqual([]);
  expect(Object.values(sums.balances).filter((balance) => balance !== 0n)).toEqual([]);
  const books = (await LedgerBooks.open(database))!;
  const held = await books.entries(0);
  const revisions = naive.records.reduce((sum, { revision }) => sum + BigInt(revision), 0n);
  expect(held.reduce((sum, { sums: { revisions: some } }) => sum + some!, 0n)).toBe(revisions);
  const total = naive.records.reduce((sum, { costMicros }) => sum + BigInt(costMicros), 0n);
  expect(held.reduce((sum, { sums: { costMicros } }) => sum + costMicros!, 0n)).toBe(total);
  expect(sums.days.reduce((sum, { chargedMicros }) => sum + chargedMicros, 0n)).toBe(total);
  expect(sums.days.reduce((sum, day) => sum + day.records, 0)).toBe(naive.records.length);
  // No record and revision was posted twice: one entry on a campaign each.
  const twice = await database.read(
    (sql) => sql`
    SELECT record_id, revision, account FROM adtally.entries WHERE account LIKE 'campaign:%' GROUP BY 1, 2, 3 HAVING count(*) > 1`,
  );
  expect([...twice]).toEqual([]);
}

/** As NaiveLedger has it. */
async function spendOf(database: PostgresDatabase): Promise<Record<string, bigint>> {
  const rows = await database.read((sql) => sql`SELECT * FROM adtally.spend WHERE micros <> 0`);
  return Object.fromEntries(
    rows.map((row) => [
      `${row['campaign_id'] as string} ${row['minute'] as string} ${row['currency'] as string}`,
      BigInt(row['micros'] as string),
    ]),
  );
}
