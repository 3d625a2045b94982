import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS } from '../base/units.ts';
import type { EventFormat } from '../model/ad-event.ts';
import { minuteOf } from '../model/event-time.ts';
import type { PipelineSpec } from './settings.ts';

/**
 * The part of the pipeline spec that decides what becomes of events. It is written into the log whenever it changes, so that a
 * replay judges every event by the rules it was first judged by.
 */
export interface AggregationRules extends EventFormat {
  /** Events older than this at their arrival are `late`, ms. */
  readonly maxEventAgeMs: number;
  /** Events further ahead than this at their arrival are `future`, ms. */
  readonly maxClockSkewMs: number;
  /** How long an event id is remembered after its first arrival, at least, ms. */
  readonly dedupeWindowMs: number;
  /** How long after its minute a record is held, ms. */
  readonly recordRetentionMs: number;
  /** How long raw bytes, and so the quarantine's entries, are held, ms. */
  readonly logRetentionMs: number;
  readonly quarantineEntries: number;
}

export function aggregationRulesOf(spec: PipelineSpec): AggregationRules {
  return {
    requiredFields: spec.requiredFields,
    defaultCurrency: spec.defaultCurrency,
    maxEventAgeMs: spec.maxEventAge,
    maxClockSkewMs: spec.maxClockSkew,
    dedupeWindowMs: spec.dedupeWindow,
    recordRetentionMs: spec.retention.records,
    logRetentionMs: spec.retention.log,
    quarantineEntries: spec.limits.quarantineEntries,
  };
}

/**
 * What is over for good, because time has passed: it follows the latest arrival seen and never goes back, even when the clock
 * does, so that what was forgotten or retired stays so.
 */
export interface Horizon {
  /** Ids of generations up to this one are forgotten. */
  forgottenGeneration: number;
  /** Records of minutes before this one are retired, Unix ms. */
  retiredBefore: UnixMs;
  /** Quarantined events that arrived before this have expired, Unix ms. */
  expiredBefore: UnixMs;
}

/** The horizon after an arrival at `arrival`, which may be behind the one before. */
export function advanceHorizon(horizon: Horizon, arrival: UnixMs, rules: AggregationRules): Horizon {
  return {
    // A generation is over once all of its ids have been remembered for the whole window.
    forgottenGeneration: Math.max(
      horizon.forgottenGeneration,
      generationOf(arrival - rules.dedupeWindowMs) - 1,
    ),
    retiredBefore: Math.max(horizon.retiredBefore, minuteOf(Math.max(0, arrival - rules.recordRetentionMs))),
    expiredBefore: Math.max(horizon.expiredBefore, minuteOf(Math.max(0, arrival - rules.logRetentionMs))),
  };
}

/**
 * Minutes that begin before this are final: no event that is accepted from now on can change them. Holds as long as the clock is not
 * set back.
 */
export function minutesFinalBefore(latestArrival: UnixMs, rules: AggregationRules): UnixMs {
  return minuteOf(Math.max(0, latestArrival - rules.maxEventAgeMs));
}

export const FIRST_HORIZON: Horizon = { forgottenGeneration: -1, retiredBefore: 0, expiredBefore: 0 };

/** Ids are forgotten by whole generations: the hour of their first arrival. */
export function generationOf(arrival: UnixMs): number {
  return Math.floor(arrival / HOUR_MS);
}

/**
 * Age is judged against the event's own arrival, never against other events: one wrong clock spoils nothing else. An event of
 * a retired minute is late too, since its record can no longer change; that takes a clock that was set back.
 */
export function judgeAge(
  eventTime: UnixMs,
  arrival: UnixMs,
  horizon: Horizon,
  rules: AggregationRules,
): 'late' | 'future' | 'on_time' {
  if (eventTime < arrival - rules.maxEventAgeMs || eventTime < horizon.retiredBefore) return 'late';
  if (eventTime > arrival + rules.maxClockSkewMs) return 'future';
  return 'on_time';
}
