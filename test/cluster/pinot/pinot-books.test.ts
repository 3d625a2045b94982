import { expect, test } from 'vitest';
import { BOOK_FIGURES, type BookEntry } from '../../../src/cluster/audit/ports.ts';
import { PinotBooks } from '../../../src/cluster/pinot/pinot-books.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { RECORD_KINDS, type RecordKind } from '../../../src/union-load/ports.ts';
import { NaiveStore, type RecordSpace } from '../../adapters/reporting-store/record-world.ts';
import { DuckBroker } from './duck-broker.ts';
import { drawHardMinute, drawHardOrder } from './figures-space.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-10-05T12:34:00Z');
/** Longer than one statement is of. */
const SPACE: RecordSpace = { from: NOW - 50 * DAY_MS, minutes: 50 * 24 * 60, ads: 3, orders: 5000 };
const END = { cursor: 'c', caughtUp: true, asOf: 1, finalBefore: 0 };

/** The same, record by record. */
function naiveEntries(naive: NaiveStore, kind: RecordKind, from: number): BookEntry[] {
  const entries = new Map<string, { region: string; start: number; sums: Record<string, bigint> }>();
  for (const record of (kind === 'ad-minutes' ? naive.minutes : naive.orders).values()) {
    const time = 'minute' in record ? record.minute : record.orderTime;
    const start = time - (time % 60_000);
    if (start < from) continue;
    const key = `${record.region} ${start}`;
    const { region } = record;
    const given = { ...record, records: 1, revisions: record.revision } as unknown as Record<string, number>;
    const sums = entries.get(key)?.sums ?? {};
    for (const name of BOOK_FIGURES[kind]) sums[name] = (sums[name] ?? 0n) + BigInt(given[name]);
    entries.set(key, { region, start, sums });
  }
  return [...entries.values()];
}

const byPlace = (a: BookEntry, b: BookEntry): number => a.start - b.start || (a.region < b.region ? -1 : 1);

test.for(RECORD_KINDS)(`the books of Pinot are those of its %s, seed ${SEED}`, async (kind) => {
  const random = new SeededRandom(SEED).fork(kind);
  const naive = new NaiveStore();
  const minutes = Array.from({ length: 4000 }, () => drawHardMinute(random, SPACE));
  const orders = Array.from({ length: 4000 }, () => drawHardOrder(random, SPACE));
  // Where one statement ends and the next one begins.
  minutes.push({ ...minutes[0], recordId: 'edge', minute: NOW - 15 * DAY_MS });
  orders.push({ ...orders[0], recordId: 'edge', orderTime: NOW - 15 * DAY_MS });
  naive.load({ region: 'a', kind: 'ad-minutes' }, { records: minutes, ...END });
  naive.load({ region: 'a', kind: 'attributed-orders' }, { records: orders, ...END });
  const broker = await DuckBroker.of(naive);
  const books = new PinotBooks({
    region: 'b',
    kind,
    broker,
    retentionMs: 45 * DAY_MS,
    clock: { now: () => NOW },
  });
  expect(books.name).toBe('Pinot of b');
  expect(books.heldFrom()).toBe(NOW - 45 * DAY_MS);
  for (const from of [books.heldFrom(), NOW - 3 * DAY_MS]) {
    const entries = (await books.entries(from)).toSorted(byPlace);
    expect(entries.length).toBeGreaterThan(100);
    expect(entries).toEqual(naiveEntries(naive, kind, from).toSorted(byPlace));
  }
  // Two for the 45 days, one for the three.
  expect(broker.statements).toHaveLength(3);
});
