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
  /** The first one owns what both have counted. */
  readonly regions: readonly string[];
  /** How long a silent peer holds back what depends on hearing of it, ms. */
  readonly holdMaxMs: number;
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
    regions: spec.regions,
    holdMaxMs: spec.replication.holdMax,
  };
}

/** How far two regions have heard of each other. */
export interface Hearing {
  /** Everything that arrived at the peer up to this time of its clock is known here, Unix ms. */
  readonly through: UnixMs;
  /** The peer knows everything that arrived here up to this time, Unix ms. */
  readonly ack: UnixMs;
}

/**
 * Until when nothing can come any more that concerns earlier arrivals, Unix ms: the latest arrival; with two regions not past
 * what both have heard of each other, for as long as a silent peer may hold that back.
 */
export function settledTime(
  latestArrival: UnixMs,
  { through, ack }: Hearing,
  rules: AggregationRules,
): UnixMs {
  if (rules.regions.length < 2) return latestArrival;
  return Math.max(latestArrival - rules.holdMaxMs, Math.min(latestArrival, through, ack));
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

/** The horizon after an arrival at `arrival`, when all up to `settled` is settled; both may be behind those before. */
export function advanceHorizon(
  horizon: Horizon,
  arrival: UnixMs,
  settled: UnixMs,
  rules: AggregationRules,
): Horizon {
  return {
    // A generation is over once all of its ids have been remembered for the whole window.
    forgottenGeneration: Math.max(
      horizon.forgottenGeneration,
      generationOf(settled - rules.dedupeWindowMs) - 1,
    ),
    retiredBefore: Math.max(horizon.retiredBefore, minuteOf(Math.max(0, settled - rules.recordRetentionMs))),
    expiredBefore: Math.max(horizon.expiredBefore, minuteOf(Math.max(0, arrival - rules.logRetentionMs))),
  };
}

/** What decides what is final in a region. */
export interface Progress {
  readonly latestArrival: UnixMs;
  readonly peer: Hearing;
  /** What both regions have counted is this one's. */
  readonly isFirst: boolean;
}

/**
 * Minutes that begin before this are final: no event that is accepted from now on can change them. Holds as long as the clock is not
 * set back. What the second region has counted may still be found to be the first one's, until it has heard what that one
 * accepted, and the first one what was counted here.
 */
export function minutesFinalBefore(
  { latestArrival, peer, isFirst }: Progress,
  rules: AggregationRules,
): UnixMs {
  const isAlone = isFirst || rules.regions.length < 2;
  const known = isAlone ? latestArrival : Math.min(latestArrival, peer.through, peer.ack);
  // Of a peer that stays silent nothing is expected any more once ids are forgotten without it.
  const settled = settledTime(latestArrival, peer, rules) - rules.dedupeWindowMs - 2 * HOUR_MS;
  return minuteOf(Math.max(0, Math.max(known, settled) - rules.maxEventAgeMs));
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
