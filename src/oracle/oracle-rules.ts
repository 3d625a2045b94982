/** What the naive count needs to know of a pipeline spec. Declared here anew: the oracle shares nothing with the engine. */
export interface OracleRules {
  readonly region: string;
  readonly requiredFields: readonly string[];
  readonly defaultCurrency: string;
  /** Events older than this at their arrival are late, ms. */
  readonly maxEventAgeMs: number;
  /** Events further ahead than this at their arrival are future, ms. */
  readonly maxClockSkewMs: number;
  /** An id is remembered for this long after its first arrival, and until its hour of arrival is over, ms. */
  readonly dedupeWindowMs: number;
  /** How long after its minute a record can be changed and is held, ms. */
  readonly recordRetentionMs: number;
  /** One or two; what both have counted is the first one's. */
  readonly regions: readonly string[];
  /** For so long a silent other region holds back what is forgotten and retired, ms. */
  readonly holdMaxMs: number;
}

export const ORACLE_VERDICTS = ['counted', 'duplicate', 'conflict', 'late', 'future', 'invalid'] as const;
export type OracleVerdict = (typeof ORACLE_VERDICTS)[number];
export type OracleVerdicts = Record<OracleVerdict, number>;

export function zeroVerdicts(): OracleVerdicts {
  return { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 };
}

/** One request as the log keeps it. */
export interface OracleEntry {
  /** When it arrived, Unix ms: the stamp in the log. */
  readonly arrivalMs: number;
  readonly format: 'json' | 'ndjson';
  readonly body: Uint8Array;
}

/** What became of one event. */
export interface EventOutcome {
  readonly verdict: OracleVerdict;
  /** The verdict itself, or why the event is invalid. */
  readonly code: string;
  /** The event's id where one could be read. */
  readonly eventId: string | null;
}

/** The totals of one ad, minute of event time and currency. */
export interface OracleRecord {
  readonly recordId: string;
  readonly revision: number;
  readonly region: string;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly minute: number;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly costMicros: number;
}
