import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS } from '../base/units.ts';

/** The part of the pipeline spec that decides verdicts of events. It is written into the log whenever it changes. */
export interface AggregationRules {
  /** Events older than this at their arrival are `late`, ms. */
  readonly maxEventAgeMs: number;
  /** Events further ahead than this at their arrival are `future`, ms. */
  readonly maxClockSkewMs: number;
  /** How long an event id is remembered after its first arrival, at least, ms. */
  readonly dedupeWindowMs: number;
}

/** Age is judged against the event's own arrival, never against other events: one wrong clock spoils nothing else. */
export function judgeAge(
  eventTime: UnixMs,
  arrival: UnixMs,
  rules: AggregationRules,
): 'late' | 'future' | 'on_time' {
  if (eventTime < arrival - rules.maxEventAgeMs) return 'late';
  if (eventTime > arrival + rules.maxClockSkewMs) return 'future';
  return 'on_time';
}

/**
 * Ids are forgotten by whole generations: the hour of their first arrival. An id of a generation up to the returned one has
 * been seen for `dedupeWindowMs` or longer when an event arrives at `arrival`. The horizon never goes back.
 */
export function forgottenGeneration(arrival: UnixMs, rules: AggregationRules): number {
  return generationOf(arrival - rules.dedupeWindowMs) - 1;
}

/** The generation of an id that first arrives at `arrival`. */
export function generationOf(arrival: UnixMs): number {
  return Math.floor(arrival / HOUR_MS);
}
