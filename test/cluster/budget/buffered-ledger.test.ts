import { expect, test } from 'vitest';
import { BufferedLedger } from '../../../src/cluster/budget/buffered-ledger.ts';
import { applyLoadRecords } from '../../../src/cluster/budget/load-records.ts';
import type { Charge, LedgerEntry } from '../../../src/budget/ports.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { NaiveLedger } from '../../budget/naive-ledger.ts';
import { RandomRecords } from './random-records.ts';

const SEED = process.env['LEDGER_SEED'] ?? String(Date.now());

/** What a database does with what a batch wrote. */
class Kept {
  readonly charges = new Map<string, Charge>();
  readonly entries: LedgerEntry[] = [];
  readonly spend: Record<string, bigint> = {};

  keep(ledger: BufferedLedger): void {
    const { charges, entries, spend } = ledger;
    const ids = charges.map(({ recordId }) => recordId);
    const keys = spend.map(({ campaignId, minute, currency }) => `${campaignId} ${minute} ${currency}`);
    // One statement must not touch a row twice.
    if (new Set(ids).size < ids.length || new Set(keys).size < keys.length)
      throw new Error('A row stands there twice.');
    for (const charge of charges) this.charges.set(charge.recordId, charge);
    this.entries.push(...entries);
    for (const [at, { micros }] of spend.entries())
      this.spend[keys[at]] = (this.spend[keys[at]] ?? 0n) + micros;
  }
}

test(`batches of any records come to what a naive ledger sums up (LEDGER_SEED=${SEED})`, () => {
  const random = new SeededRandom(SEED);
  const kept = new Kept();
  const naive = new NaiveLedger();
  const source = new RandomRecords(random, Date.UTC(2026, 0, 31, 12));
  for (let batch = 0; batch < 60; batch++) {
    const records = source.take(random.between(1, 60));
    const known = records
      .map(({ recordId }) => kept.charges.get(recordId))
      .filter((charge) => charge !== undefined);
    const ledger = new BufferedLedger(known);
    applyLoadRecords(ledger, { records, refused: [] }, 1);
    // One in five is lost before it is kept, and comes again.
    if (random.chance(0.2)) applyAgain(kept, records);
    else kept.keep(ledger);
    for (const record of records) naive.take(record);
  }
  const nonZero = Object.entries(kept.spend).filter(([, micros]) => micros !== 0n);
  expect(Object.fromEntries(nonZero)).toEqual(naive.spend());
  expect(kept.entries.reduce((sum, { amountMicros }) => sum + BigInt(amountMicros), 0n)).toBe(0n);
});

function applyAgain(kept: Kept, records: ReturnType<RandomRecords['take']>): void {
  const known = records
    .map(({ recordId }) => kept.charges.get(recordId))
    .filter((charge) => charge !== undefined);
  const ledger = new BufferedLedger(known);
  applyLoadRecords(ledger, { records, refused: [] }, 1);
  kept.keep(ledger);
}
