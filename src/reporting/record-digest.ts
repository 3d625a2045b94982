import { assert } from '../base/assert.ts';
import { md5Low64 } from '../base/checksum.ts';
import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../base/units.ts';
import type { RecordKind, RecordKinds } from '../union-load/ports.ts';

/** Where records of a region are looked at: in its own engine, or the copy in a reporting store. */
export const RECORD_HOLDERS = ['engine', 'reporting'] as const;
export type RecordHolder = (typeof RECORD_HOLDERS)[number];

/** Lengths of time that a digest is made of. */
export const DIGEST_STEPS = { hour: HOUR_MS, minute: MINUTE_MS } as const;
export type DigestStep = keyof typeof DIGEST_STEPS;

/** Which records: those of one region and kind with times in a range, `to` exclusive, Unix ms. */
export interface RecordRange {
  readonly region: string;
  readonly kind: RecordKind;
  readonly from: UnixMs;
  readonly to: UnixMs;
}

/** What can be asked of a holder of records; without a step the records themselves. */
export interface RecordQuery extends RecordRange {
  readonly step?: DigestStep | undefined;
}

/** The records of an hour, or of a minute, in short. */
export interface DigestBucket {
  /** Unix ms. */
  readonly start: UnixMs;
  readonly records: number;
  /** Sum of the revisions, in decimal digits. */
  readonly revisions: string;
  /** Sum over the records of 64 bits of an MD5 of id, revision and content, in decimal digits: the same in any order. */
  readonly hash: string;
}

interface Held {
  /** The region that made the records. */
  readonly region: string;
  /** The latest arrival that is in it, Unix ms; null when that is not known. */
  readonly asOf: UnixMs | null;
  /** Records with times before this are not all held any more, Unix ms; 0 when all are. */
  readonly heldFrom: UnixMs;
}
export interface RecordDigest extends Held {
  /** By start; none without records. */
  readonly buckets: readonly DigestBucket[];
}
export interface RecordList<Kind extends RecordKind = RecordKind> extends Held {
  readonly records: readonly RecordKinds[Kind][];
}

/** The fields of a record that a digest covers, in its order: all there are. */
export const DIGEST_FIELDS = {
  'ad-minutes': [
    'recordId',
    'revision',
    'region',
    'adId',
    'campaignId',
    'advertiserId',
    'minute',
    'currency',
    'impressions',
    'clicks',
    'costMicros',
  ],
  'attributed-orders': [
    'recordId',
    'revision',
    'region',
    'orderId',
    'orderVersion',
    'orderStatus',
    'orderTime',
    'userId',
    'merchantId',
    'amountMicros',
    'currency',
    'model',
    'rank',
    'outcome',
    'reason',
    'creditMicros',
    'adId',
    'campaignId',
    'advertiserId',
    'touchEventId',
    'touchType',
    'touchTime',
    'touchRegion',
    'enrichment',
    'enrichmentStatus',
  ],
} as const satisfies { readonly [Kind in RecordKind]: readonly (keyof RecordKinds[Kind])[] };

/** The field with the time by which records are put into hours. */
export const TIME_FIELDS = { 'ad-minutes': 'minute', 'attributed-orders': 'orderTime' } as const;

/** The time by which a record is put into hours, Unix ms. */
export function timeOfRecord(record: RecordKinds[RecordKind]): UnixMs {
  return 'minute' in record ? record.minute : record.orderTime;
}

/** What the hash of a record is taken of: every field with its length in bytes before it, `-` for null. */
function digestText(kind: RecordKind, record: RecordKinds[RecordKind]): string {
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  return DIGEST_FIELDS[kind].map((name) => fieldText(fields[name])).join('');
}

function fieldText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${Buffer.byteLength(text)}:${text}`;
}

/** Makes a digest record by record, in any order. */
export class DigestMaker {
  readonly #kind: RecordKind;
  readonly #stepMs: number;
  readonly #buckets = new Map<UnixMs, { records: number; revisions: bigint; hash: bigint }>();

  constructor(kind: RecordKind, step: DigestStep) {
    this.#kind = kind;
    this.#stepMs = DIGEST_STEPS[step];
  }

  add(record: RecordKinds[RecordKind]): void {
    const time = timeOfRecord(record);
    assert(time >= 0, 'times of records begin in 1970');
    const start = time - (time % this.#stepMs);
    const bucket = this.#buckets.get(start) ?? { records: 0, revisions: 0n, hash: 0n };
    this.#buckets.set(start, bucket);
    bucket.records++;
    bucket.revisions += BigInt(record.revision);
    bucket.hash += md5Low64(digestText(this.#kind, record));
  }

  buckets(): DigestBucket[] {
    return [...this.#buckets]
      .map(([start, { records, revisions, hash }]) => ({
        start,
        records,
        revisions: String(revisions),
        hash: String(hash),
      }))
      .toSorted((a, b) => a.start - b.start);
  }
}
