/** What became of an event; exactly one each. The table of meanings is docs/reference/records.md. */
export const VERDICTS = ['counted', 'duplicate', 'conflict', 'late', 'future', 'invalid'] as const;
export type Verdict = (typeof VERDICTS)[number];
export type VerdictCounts = Record<Verdict, number>;

/** Positions of the verdicts in columns and files. Part of the snapshot format: append only. */
export const VERDICT_INDEX = {
  counted: 0,
  duplicate: 1,
  conflict: 2,
  late: 3,
  future: 4,
  invalid: 5,
} as const satisfies Record<Verdict, number>;

export function noVerdicts(): VerdictCounts {
  return { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 };
}

/** Why an event is `invalid`. Part of the snapshot format: append only. */
export const INVALID_CODES = [
  'malformed_json',
  'bad_utf8',
  'not_an_object',
  'duplicate_key',
  'missing_field',
  'bad_type',
  'bad_value',
  'empty_field',
  'too_long',
  'bad_character',
  'bad_time',
  'out_of_range',
  'bad_currency',
  'sum_out_of_range',
  'too_large',
] as const;
export type InvalidCode = (typeof INVALID_CODES)[number];

/** Why an event was not counted, as told to its sender. */
export interface EventProblem {
  /** Position of the event in its request, from 0. */
  readonly index: number;
  /** The event's id where one could be read. */
  readonly eventId: string | null;
  readonly verdict: Exclude<Verdict, 'counted'>;
  /** The verdict itself, or an InvalidCode. */
  readonly code: string;
  /** What is wrong, with what, and what would be right. */
  readonly message: string;
}

/** The answer to a batch of events, given once they are durable. */
export interface IngestReceipt {
  readonly received: number;
  readonly verdicts: VerdictCounts;
  /** The first events that were not counted, at most `limits.problemsPerRequest`. */
  readonly problems: readonly EventProblem[];
  /**
   * `counted` says what was taken in to be counted: what of it is a duplicate, a conflict, late or ahead is found out later. From the
   * gateway of a cluster.
   */
  readonly provisional?: true;
}
