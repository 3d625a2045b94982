import type { AdMinute } from '../model/ad-minute.ts';
import { formatTime } from '../model/event-time.ts';

/** Most differences that are spelt out; the rest are only counted. */
export const DIFFERENCES_MAX = 100;

/** One record that two sides do not agree on. */
export interface RecordDifference {
  readonly recordId: string;
  /** `missing`: only the recount has it; `extra`: only the region; `different`: both, not alike. */
  readonly kind: 'missing' | 'extra' | 'different';
  /** Which record it is: `ad 31 at 2026-01-31T12:00:00.000Z in EUR`. */
  readonly record: string;
  /** Only for `different`: what each side says of each field that differs. */
  readonly fields: readonly FieldDifference[];
}

export interface FieldDifference {
  readonly field: keyof AdMinute;
  readonly served: string | number;
  readonly recounted: string | number;
}

export interface RecordComparison {
  /** Records that both sides have, alike in every field. */
  readonly equal: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** The first DIFFERENCES_MAX of them. */
  readonly differences: readonly RecordDifference[];
}

/** Compares the ad minutes a region serves with a recount of its log, record by record and field by field. */
export function compareAdMinutes(
  served: Iterable<AdMinute>,
  recounted: ReadonlyMap<string, AdMinute>,
): RecordComparison {
  const counts = { equal: 0, missing: 0, extra: 0, different: 0 };
  const differences: RecordDifference[] = [];
  const note = (kind: RecordDifference['kind'], record: AdMinute, fields: FieldDifference[] = []): void => {
    counts[kind]++;
    if (differences.length < DIFFERENCES_MAX) {
      differences.push({ recordId: record.recordId, kind, record: nameOf(record), fields });
    }
  };
  const seen = new Set<string>();
  for (const record of served) {
    const twin = recounted.get(record.recordId);
    // A record served twice would be counted twice by whoever reads it.
    if (twin === undefined || seen.has(record.recordId)) {
      note('extra', record);
      continue;
    }
    seen.add(record.recordId);
    const fields = fieldDifferences(record, twin);
    if (fields.length === 0) counts.equal++;
    else note('different', record, fields);
  }
  for (const [recordId, record] of recounted) if (!seen.has(recordId)) note('missing', record);
  return { ...counts, differences };
}

/** One line for a person: `ad 31 at … in EUR: clicks 3, recounted 2`. */
export function describeDifference({ kind, record, fields }: RecordDifference): string {
  if (kind === 'missing') return `${record}: in the recount, but not served`;
  if (kind === 'extra') return `${record}: served, but not in the recount`;
  const parts = fields.map(({ field, served, recounted }) => `${field} ${served}, recounted ${recounted}`);
  return `${record}: ${parts.join('; ')}`;
}

function fieldDifferences(served: AdMinute, recounted: AdMinute): FieldDifference[] {
  return (Object.keys(recounted) as (keyof AdMinute)[])
    .filter((field) => served[field] !== recounted[field])
    .map((field) => ({ field, served: served[field], recounted: recounted[field] }));
}

function nameOf(record: AdMinute): string {
  return `ad ${record.adId} at ${formatTime(record.minute)} in ${record.currency}`;
}
