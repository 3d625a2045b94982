import type { AuditReport } from '../../embedded/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import { formatTime } from '../../model/event-time.ts';
import { VERDICTS } from '../../model/verdict.ts';
import { compareAdMinutes, type RecordComparison } from '../../reporting/audit.ts';
import type { LogRecount } from './log-recount.ts';
import { auditOrders, type OrderAudit } from './order-audit.ts';
import type { ServedBooks } from './served-books.ts';
import { LOOKS_UNMOVED, PAUSE_MS, ROUNDS_MAX } from '../../base/settle.ts';

export interface FullAudit {
  /** Books balance and nothing differs. */
  readonly exact: boolean;
  readonly books: AuditReport;
  readonly recount: {
    readonly events: number;
    readonly bytes: number;
    /** Records and minutes of arrival before this were left out, Unix ms; 0 when none were. */
    readonly completeFrom: number;
    readonly minutesEqual: number;
    /** In words: minutes of arrival that differ. */
    readonly minuteDifferences: readonly string[];
    readonly records: RecordComparison;
    /** Records that changed every time they were looked at, under traffic: neither equal nor different. */
    readonly recordsMoving: number;
  };
  readonly orders: OrderAudit;
}

/**
 * Holds what a region serves against a recount of its log: the books, every minute of arrival, every record, every
 * attributed order. The region may be
 * taking in events meanwhile: what moved between the two readings is read again until both agree on it once.
 */
export async function auditFully(
  served: ServedBooks,
  recount: LogRecount,
  pause: (ms: number) => Promise<void>,
): Promise<FullAudit> {
  const settled = await settleRecords(served, recount, pause);
  const orders = await auditOrders(served, recount, pause);
  const books = await served.audit();
  await recount.readOn();
  const minutes = compareMinutes(books, recount);
  const lastStillFills = (await served.audit()).received !== books.received;
  const minuteDifferences = minutes.differences.filter(({ isLast }) => !(isLast && lastStillFills));
  const { missing, extra, different } = settled.records;
  const wrong = missing + extra + different + minuteDifferences.length + orders.wrong;
  return {
    exact: books.balanced && wrong === 0,
    books,
    recount: {
      events: recount.events,
      bytes: recount.bytes,
      completeFrom: recount.completeFrom,
      minutesEqual: minutes.equal,
      minuteDifferences: minuteDifferences.map(({ text }) => text),
      ...settled,
    },
    orders,
  };
}

/** A record that the two sides did not agree on when last looked at. */
interface Doubt {
  readonly served: AdMinute | undefined;
  readonly recounted: AdMinute | undefined;
  /** Looks without a change of either side. */
  readonly unmoved: number;
}

async function settleRecords(
  books: ServedBooks,
  recount: LogRecount,
  pause: (ms: number) => Promise<void>,
): Promise<Pick<FullAudit['recount'], 'records' | 'recordsMoving'>> {
  const served = new Map<string, AdMinute>();
  const agreed = new Set<string>();
  let doubts: ReadonlyMap<string, Doubt> = new Map();
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    for await (const record of books.changed()) served.set(record.recordId, record);
    await recount.readOn();
    doubts = lookAgain(served, recount, agreed, doubts);
    if ([...doubts.values()].every(({ unmoved }) => unmoved >= LOOKS_UNMOVED)) break;
    await pause(PAUSE_MS);
  }
  const wrong = [...doubts.values()].filter(({ unmoved }) => unmoved >= LOOKS_UNMOVED);
  const records = compareAdMinutes(
    wrong.flatMap((doubt) => doubt.served ?? []),
    new Map(
      wrong.flatMap(({ recounted }) => (recounted === undefined ? [] : [[recounted.recordId, recounted]])),
    ),
  );
  return { records: { ...records, equal: agreed.size }, recordsMoving: doubts.size - wrong.length };
}

/** Adds to `agreed` what both sides agree on now; returns the rest. */
function lookAgain(
  served: ReadonlyMap<string, AdMinute>,
  recount: LogRecount,
  agreed: Set<string>,
  before: ReadonlyMap<string, Doubt>,
): Map<string, Doubt> {
  const recounted = recount.records();
  const doubts = new Map<string, Doubt>();
  for (const id of new Set([...served.keys(), ...recounted.keys()])) {
    const [left, right] = [served.get(id), recounted.get(id)];
    if (agreed.has(id) || (left ?? right)!.minute < recount.completeFrom) continue;
    if (isEqual(left, right)) {
      agreed.add(id);
      continue;
    }
    const last = before.get(id);
    const isUnmoved =
      last?.served?.revision === left?.revision && last?.recounted?.revision === right?.revision;
    const unmoved = last !== undefined && isUnmoved ? last.unmoved + 1 : 1;
    doubts.set(id, { served: left, recounted: right, unmoved });
  }
  return doubts;
}

function isEqual(left: AdMinute | undefined, right: AdMinute | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return (Object.keys(right) as (keyof AdMinute)[]).every((field) => left[field] === right[field]);
}

interface MinuteDifference {
  readonly text: string;
  /** Whether it is the last minute of arrival, which may have gone on since. */
  readonly isLast: boolean;
}

function compareMinutes(
  books: AuditReport,
  recount: LogRecount,
): { readonly equal: number; readonly differences: readonly MinuteDifference[] } {
  const recounted = recount.arrivals();
  const served = new Map(books.minutes.map((minute) => [minute.minute, minute]));
  const last = Math.max(...served.keys(), ...recounted.keys());
  const oldest = books.minutes[0]?.minute ?? recount.retiredBefore;
  let equal = 0;
  const differences: MinuteDifference[] = [];
  for (const minute of new Set([...served.keys(), ...recounted.keys()])) {
    // The region keeps minutes of arrival for as long as its retention says, the log by whole segments.
    if (minute < recount.completeFrom || minute < oldest) continue;
    const [left, right] = [served.get(minute), recounted.get(minute)];
    const wrong = VERDICTS.filter((verdict) => left?.verdicts[verdict] !== right?.verdicts[verdict]);
    if (wrong.length === 0) equal++;
    else {
      const parts = wrong.map(
        (verdict) => `${verdict} ${left?.verdicts[verdict] ?? 0}, recounted ${right?.verdicts[verdict] ?? 0}`,
      );
      differences.push({
        text: `Arrived at ${formatTime(minute)}: ${parts.join('; ')}`,
        isLast: minute === last,
      });
    }
  }
  return { equal, differences };
}
