import type { UnixMs } from '../../base/clock.ts';
import { formatTime } from '../../model/event-time.ts';
import type { RecordFeed } from '../../union-load/ports.ts';
import { describeDifference, isCharged, type Findings } from '../audit-findings.ts';
import type { BudgetStore, Charge } from '../ports.ts';

/** Records asked for at a time. */
const PAGE_RECORDS = 5000;
/** Most records of the other region that are held against the ledger: their ids are in memory meanwhile. */
const RECORDS_MAX = 2_000_000;
/** Rows between two turns for others. */
const ROWS_A_TURN = 2000;

/** How often the end of the feed is looked at again for revisions that have been charged since. */
const LOOKS_AHEAD_MAX = 10;

/** The charges of the other region's records. */
export interface PeerAudit {
  readonly region: string;
  /** What they were held against: the records that the region has now, or only the ledger's own sums. */
  readonly comparedWith: 'records' | 'ledger';
  /** Why only the ledger; null when it was the records. */
  readonly reason: string | null;
  /** Charges equal to a record of the region. */
  readonly recordsEqual: number;
  /** Records of a newer revision than was charged: its feed has yet to bring them. */
  readonly recordsWaiting: number;
  /** The oldest minute the region has, Unix ms: earlier charges are held against the ledger only. */
  readonly comparedFrom: UnixMs | null;
}

interface PeerAuditOptions {
  readonly store: Pick<BudgetStore, 'openAuditView' | 'charge'>;
  readonly feed: RecordFeed<'ad-minutes'> | undefined;
  readonly findings: Findings;
  readonly turn: () => Promise<void>;
}

/** Holds the charges of the other region against its records, if it answers. */
export async function auditPeer(region: string, options: PeerAuditOptions): Promise<PeerAudit> {
  const { feed, findings } = options;
  try {
    if (feed === undefined) return ledgerOnly(region, `region ${region} was not asked`);
    let { seen, strays } = await look(region, feed, options);
    // Records leave a region while it is read: only what a second look finds, too, is wrong.
    if (strays.length + seen.differences.size > 0) ({ seen, strays } = await look(region, feed, options));
    for (const difference of seen.differences.values()) findings.note(difference);
    for (const { recordId, minute } of strays) {
      findings.note(`Record ${recordId} at ${formatTime(minute)} is charged, but region ${region} has none.`);
    }
    return {
      region,
      comparedWith: 'records',
      reason: null,
      recordsEqual: seen.equal.size,
      recordsWaiting: seen.waiting.size,
      comparedFrom: Number.isFinite(seen.from) ? seen.from : null,
    };
  } catch (error) {
    return ledgerOnly(region, (error as Error).message);
  }
}

function ledgerOnly(region: string, reason: string): PeerAudit {
  const nothing = { recordsEqual: 0, recordsWaiting: 0, comparedFrom: null };
  return { region, comparedWith: 'ledger', reason, ...nothing };
}

interface Look {
  readonly seen: SeenRecords;
  /** Charges of minutes that the region has, of records that it has not. */
  readonly strays: readonly Charge[];
}

async function look(
  region: string,
  feed: RecordFeed<'ad-minutes'>,
  options: PeerAuditOptions,
): Promise<Look> {
  // Whatever is charged now, the region has; what is charged later need not be in what is read of it.
  const view = options.store.openAuditView();
  try {
    const seen = await readRecords(feed, options);
    const strays: Charge[] = [];
    let rows = 0;
    for (const charge of view.charges()) {
      const isMissing = charge.region === region && charge.minute >= seen.from && !seen.has(charge.recordId);
      if (isMissing) strays.push(charge);
      if (++rows % ROWS_A_TURN === 0) await options.turn();
    }
    return { seen, strays };
  } finally {
    view.close();
  }
}

/** How the records of the region stand against their charges, by record id; each id is in one of the three. */
class SeenRecords {
  readonly equal = new Set<string>();
  readonly waiting = new Set<string>();
  readonly differences = new Map<string, string>();
  /** Those of the differences that were charged at a newer revision: it comes, if the region has it. */
  readonly ahead = new Set<string>();
  /** The oldest minute, Unix ms; Infinity before the first record. */
  from = Infinity;

  forget(recordId: string): void {
    for (const each of [this.equal, this.waiting, this.differences, this.ahead]) each.delete(recordId);
  }

  has(recordId: string): boolean {
    return this.equal.has(recordId) || this.waiting.has(recordId) || this.differences.has(recordId);
  }

  get size(): number {
    return this.equal.size + this.waiting.size + this.differences.size;
  }
}

/** Reads the feed from its beginning to its end. A record that changes meanwhile comes again, and its last look counts. */
async function readRecords(
  feed: RecordFeed<'ad-minutes'>,
  { store, turn }: PeerAuditOptions,
): Promise<SeenRecords> {
  const seen = new SeenRecords();
  const { signal } = new AbortController();
  let cursor: string | undefined;
  let looksAhead = 0;
  for (;;) {
    const page = await feed.next(cursor, PAGE_RECORDS, 0, signal);
    for (const record of page.records) {
      const { recordId, revision, minute } = record;
      const charge = store.charge(recordId);
      seen.forget(recordId);
      seen.from = Math.min(seen.from, minute);
      if (charge === undefined || charge.revision < revision) seen.waiting.add(recordId);
      else if (isCharged(record, charge)) seen.equal.add(recordId);
      else {
        seen.differences.set(recordId, describeDifference(record, charge));
        if (charge.revision > revision) seen.ahead.add(recordId);
      }
    }
    if (seen.size > RECORDS_MAX)
      throw new Error(`region ${feed.id.region} has more than ${RECORDS_MAX} records`);
    const isAtEnd = page.caughtUp || page.cursor === cursor;
    if (isAtEnd && (seen.ahead.size === 0 || ++looksAhead > LOOKS_AHEAD_MAX)) return seen;
    cursor = page.cursor;
    await turn();
  }
}
