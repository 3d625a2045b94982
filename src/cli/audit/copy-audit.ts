import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import { formatTime } from '../../model/event-time.ts';
import { DIFFERENCES_MAX } from '../../reporting/audit.ts';
import {
  DIGEST_FIELDS,
  timeOfRecord,
  type DigestBucket,
  type DigestStep,
  type RecordDigest,
  type RecordList,
} from '../../reporting/record-digest.ts';
import type { RecordKind, RecordKinds } from '../../union-load/ports.ts';
import { settle, type Doubt } from '../../base/settle.ts';

export interface TimeRange {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

/** The records of one region and kind, wherever they are held. */
export interface RecordSource {
  digest(step: DigestStep, range: Partial<TimeRange>): Promise<RecordDigest>;
  records(range: TimeRange): Promise<RecordList>;
}

/** A copy of records, held against what the region that made them has. */
export interface CopyAudit {
  /** The region that made the records, and of which kind they are. */
  readonly region: string;
  readonly kind: RecordKind;
  /** The region in whose reporting store the copy is. */
  readonly at: string;
  readonly exact: boolean;
  readonly recordsEqual: number;
  /** Records that changed every time they were looked at: neither equal nor different. */
  readonly recordsMoving: number;
  /** Whether the copy did not come as far as its region was when this began: what differs may only be late. */
  readonly isBehind: boolean;
  /** Hours that differed at the first look. */
  readonly hoursLookedInto: number;
  /** How many differences there are. */
  readonly wrong: number;
  /** The first DIFFERENCES_MAX of them, in words. */
  readonly differences: readonly string[];
}

type AnyRecord = RecordKinds[RecordKind];
type Pause = (ms: number) => Promise<void>;

/** How often, and after what pause, a copy is asked whether it has come as far as its region was. */
const WAITS_MAX = 100;
const WAIT_MS = 100;
/** Most minutes that are looked into record by record. */
const MINUTES_MAX = 1000;

/** Finds where a copy differs, by digests of hours, then of minutes, then record by record. */
export async function auditCopy(
  named: Pick<CopyAudit, 'region' | 'kind' | 'at'>,
  own: RecordSource,
  copy: RecordSource,
  pause: Pause,
): Promise<CopyAudit> {
  const first = await own.digest('hour', {});
  const { digest, isBehind } = await caughtUp(copy, first, pause);
  const hours = differing(first.buckets, digest.buckets);
  const minutes: UnixMs[] = [];
  let recordsEqual = countIn(first.buckets, (start) => !hours.includes(start));
  for (const hour of hours) {
    const range = { from: Math.max(hour, first.heldFrom), to: hour + HOUR_MS };
    if (range.from >= range.to) continue;
    const [left, right] = [await own.digest('minute', range), await copy.digest('minute', range)];
    const unequal = differing(left.buckets, right.buckets);
    recordsEqual += countIn(left.buckets, (start) => !unequal.includes(start));
    minutes.push(...unequal);
  }
  const comparison = new RecordComparison(named, own, copy, minutes.slice(0, MINUTES_MAX));
  const settled = await settle(() => comparison.look(), pause);
  const left = minutes.length - MINUTES_MAX;
  const differences = left > 0 ? [...settled.differences, `and ${left} more minutes`] : settled.differences;
  return {
    ...named,
    exact: differences.length === 0,
    recordsEqual: recordsEqual + comparison.equal,
    recordsMoving: settled.moving,
    isBehind: isBehind && differences.length > 0,
    hoursLookedInto: hours.length,
    wrong: differences.length,
    differences: differences.slice(0, DIFFERENCES_MAX),
  };
}

/** The digest of the copy, once it has all that its region had in `first`; or what it has when the wait is over. */
async function caughtUp(
  copy: RecordSource,
  first: RecordDigest,
  pause: Pause,
): Promise<{ readonly digest: RecordDigest; readonly isBehind: boolean }> {
  for (let waits = 0; ; waits++) {
    try {
      const digest = await copy.digest('hour', { from: first.heldFrom });
      const isBehind = (digest.asOf ?? 0) < (first.asOf ?? 0);
      const isEqual = differing(first.buckets, digest.buckets).length === 0;
      if (!isBehind || isEqual || waits === WAITS_MAX) return { digest, isBehind };
    } catch (error) {
      if (waits === WAITS_MAX || !isStarting(error)) throw error;
    }
    await pause(WAIT_MS);
  }
}

/** A store is not at hand for a moment after its region has started. */
function isStarting(error: unknown): boolean {
  return error instanceof AdtallyError && error.code === 'reporting_unavailable';
}

/** Where two digests are not alike, by start. */
function differing(left: readonly DigestBucket[], right: readonly DigestBucket[]): UnixMs[] {
  const texts = new Map(left.map((bucket) => [bucket.start, textOf(bucket)]));
  const others = new Map(right.map((bucket) => [bucket.start, textOf(bucket)]));
  return [...new Set([...texts.keys(), ...others.keys()])]
    .filter((start) => texts.get(start) !== others.get(start))
    .toSorted((a, b) => a - b);
}

function textOf({ records, revisions, hash }: DigestBucket): string {
  return `${records} ${revisions} ${hash}`;
}

function countIn(buckets: readonly DigestBucket[], isIn: (start: UnixMs) => boolean): number {
  return buckets.reduce((sum, { start, records }) => sum + (isIn(start) ? records : 0), 0);
}

/** Looks at the records of minutes again and again; a record that both sides agreed on once is done with. */
class RecordComparison {
  readonly #named: Pick<CopyAudit, 'region' | 'kind' | 'at'>;
  readonly #own: RecordSource;
  readonly #copy: RecordSource;
  readonly #agreed = new Set<string>();
  #minutes: readonly UnixMs[];

  constructor(
    named: Pick<CopyAudit, 'region' | 'kind' | 'at'>,
    own: RecordSource,
    copy: RecordSource,
    minutes: readonly UnixMs[],
  ) {
    this.#named = named;
    this.#own = own;
    this.#copy = copy;
    this.#minutes = minutes;
  }

  get equal(): number {
    return this.#agreed.size;
  }

  async look(): Promise<ReadonlyMap<string, Doubt>> {
    const own = new Map<string, AnyRecord[]>();
    const copies = new Map<string, AnyRecord[]>();
    let heldFrom = 0;
    for (const from of this.#minutes) {
      const range = { from, to: from + MINUTE_MS };
      const held = await this.#own.records(range);
      heldFrom = held.heldFrom;
      gather(own, held.records);
      gather(copies, (await this.#copy.records(range)).records);
    }
    const doubts = new Map<string, Doubt>();
    const doubtful = new Set<UnixMs>();
    for (const id of new Set([...own.keys(), ...copies.keys()])) {
      const [mine, theirs] = [own.get(id) ?? [], copies.get(id) ?? []];
      const differences = this.#compare(mine, theirs);
      // The region has let go of it since.
      if (mine.length === 0 && theirs.every((record) => timeOfRecord(record) < heldFrom)) continue;
      if (differences.length === 0) this.#agreed.add(id);
      if (this.#agreed.has(id)) continue;
      const stamp = JSON.stringify([mine, theirs]);
      doubts.set(id, { stamp, differences: [differences.join('; ')] });
      for (const record of [...mine, ...theirs]) doubtful.add(minuteOf(record));
    }
    this.#minutes = [...doubtful];
    return doubts;
  }

  #compare(mine: readonly AnyRecord[], theirs: readonly AnyRecord[]): string[] {
    const { kind, at } = this.#named;
    const name = `${nameOf(mine[0] ?? theirs[0])}: `;
    const store = `in the reporting store of ${at}`;
    if (theirs.length === 0) return [`${name}missing ${store}`];
    if (mine.length === 0) return [`${name}${store}, but not in the region`];
    if (theirs.length > 1) return [`${name}${theirs.length} times ${store}`];
    const [left, right] = [fieldsOf(mine[0]), fieldsOf(theirs[0])];
    const parts = DIGEST_FIELDS[kind]
      .filter((field) => textOfField(left[field]) !== textOfField(right[field]))
      .map((field) => `${field} ${textOfField(left[field])}, ${store} ${textOfField(right[field])}`);
    return parts.length === 0 ? [] : [name + parts.join('; ')];
  }
}

function gather(into: Map<string, AnyRecord[]>, records: readonly AnyRecord[]): void {
  for (const record of records) into.set(record.recordId, [...(into.get(record.recordId) ?? []), record]);
}

function fieldsOf(record: AnyRecord): Readonly<Record<string, unknown>> {
  return record as unknown as Readonly<Record<string, unknown>>;
}

/** Numbers and objects as JSON, `null` where there is nothing. */
function textOfField(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function minuteOf(record: AnyRecord): UnixMs {
  const time = timeOfRecord(record);
  return time - (time % MINUTE_MS);
}

function nameOf(record: AnyRecord): string {
  if ('minute' in record) return `ad ${record.adId} at ${formatTime(record.minute)} in ${record.currency}`;
  return `order ${record.orderId} by ${record.model}, rank ${record.rank}`;
}
