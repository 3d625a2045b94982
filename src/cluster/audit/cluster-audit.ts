import type { Clock } from '../../base/clock.ts';
import { pause } from '../../base/pause.ts';
import { settle, type Doubt, type Patience } from '../../base/settle.ts';
import { DIFFERENCES_MAX } from '../../reporting/audit.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { ArrivalCheck, type ArrivalSummary } from './arrival-check.ts';
import { BooksCheck, type BooksSummary } from './books-check.ts';
import { CountedCheck } from './counted-check.ts';
import type { Finding } from './finding.ts';
import type { AuditedBooks } from './ports.ts';
import type { RegionBooks } from './region-books.ts';
import type { ReadProgress } from './topics/topic-follower.ts';

/** The books of a cluster, closed. */
export interface ClusterAudit {
  /** Nothing differs; of minutes that are provisional, and of what moves, nothing is said. */
  readonly exact: boolean;
  readonly arrivals: readonly ArrivalSummary[];
  readonly counted: readonly {
    readonly region: string;
    readonly counted: number;
    /** Of them, those that were the other region's. */
    readonly yielded: number;
    /** The jobs were replayed and have handed events on again: what was counted is not compared. */
    readonly isReplayed: boolean;
  }[];
  readonly books: readonly BooksSummary[];
  /** Minutes and steps that changed every time they were looked at: neither equal nor different. */
  readonly moving: number;
  /** Records that the audit held in memory. */
  readonly recordsHeld: number;
  /** How many findings there are. */
  readonly wrong: number;
  /** The first DIFFERENCES_MAX of them. */
  readonly findings: readonly Finding[];
}

export interface ClusterAuditOptions {
  readonly regions: readonly RegionBooks[];
  /** Where the records went besides the load topics, of all regions. */
  readonly stores: readonly AuditedBooks[];
  /** Stores that must be alike; the first is held against the second. */
  readonly twins: readonly (readonly [AuditedBooks, AuditedBooks])[];
  readonly clock: Clock;
  /** Longer than records take from a job into the slowest of the stores. */
  readonly patience: Patience;
  readonly onProgress: (region: string, progress: ReadProgress) => void;
}

interface Check {
  look(): Promise<ReadonlyMap<string, Doubt<Finding>>>;
}

/**
 * Closes the books: every message has one verdict, what was counted is in the ad minutes, and every record of the jobs is in every
 * store. The cluster may be at work meanwhile: what moved is looked at again. Rejects with AdtallyError kafka_unreachable.
 */
export async function auditCluster({
  regions,
  stores,
  twins,
  clock,
  patience,
  onProgress,
}: ClusterAuditOptions): Promise<ClusterAudit> {
  const arrivals = regions.flatMap((books) => arrivalChecks(books, clock));
  const counted = regions.map(
    (books, index) => new CountedCheck(books.region, arrivals[2 * index], books.events),
  );
  const books = booksChecks({ regions, stores, twins, clock });
  const checks: readonly Check[] = [...arrivals, ...counted, ...books];
  const look = async (): Promise<ReadonlyMap<string, Doubt<Finding>>> => {
    for (const region of regions) await region.readOn((progress) => onProgress(region.region, progress));
    const doubts = new Map<string, Doubt<Finding>>();
    for (const [index, check] of checks.entries())
      for (const [name, doubt] of await check.look()) doubts.set(`${index} ${name}`, doubt);
    return doubts;
  };
  const settled = await settle(look, (ms) => pause(clock, ms), patience);
  const findings = [...regions.flatMap(strangerFindings), ...settled.differences];
  return {
    exact: findings.length === 0,
    arrivals: arrivals.map((check) => check.summary()),
    counted: regions.map(({ region, events }) => ({
      region,
      counted: events.counted,
      yielded: events.yielded,
      isReplayed: events.isReplayed,
    })),
    books: books.map((check) => check.summary()),
    moving: settled.moving,
    recordsHeld: regions.reduce((sum, { size }) => sum + size, 0),
    wrong: findings.length,
    findings: findings.slice(0, DIFFERENCES_MAX),
  };
}

/** Of events, then of orders. */
function arrivalChecks(books: RegionBooks, clock: Clock): ArrivalCheck[] {
  const { region, verdicts } = books;
  return (['event', 'order'] as const).map((kind) => {
    const next = (): ReturnType<RegionBooks['next']> => books.next(kind);
    return new ArrivalCheck({ region, kind, arrivals: books.arrivals[kind], verdicts, next, clock });
  });
}

function booksChecks({
  regions,
  stores,
  twins,
  clock,
}: Pick<ClusterAuditOptions, 'regions' | 'stores' | 'twins' | 'clock'>): BooksCheck[] {
  const minutes = regions.map(
    (books) => new BooksCheck([books.counted()], books.records('ad-minutes'), clock, books.counted().name),
  );
  const everywhere = RECORD_KINDS.flatMap((kind) => {
    const made = regions.map((books) => books.records(kind));
    const loads = regions.map((books) => books.loads(kind));
    const held = [...loads, ...stores.filter((store) => store.kind === kind)];
    return held.map((store) => new BooksCheck(made, store, clock));
  });
  const alike = twins.map(([one, other]) => new BooksCheck([one], other, clock, one.name));
  return [...minutes, ...everywhere, ...alike];
}

function strangerFindings(books: RegionBooks): Finding[] {
  return books.strangers().map(({ count, first }) => ({
    place: first.split(',', 1)[0],
    kind: null,
    region: books.region,
    start: null,
    stepMs: null,
    figures: [{ figure: 'messages that no job writes so', expected: 0n, found: BigInt(count) }],
    detail: `The first is in ${first}.`,
    advice: 'Find out who else writes there; what reads the topic may have taken it for a record.',
  }));
}
