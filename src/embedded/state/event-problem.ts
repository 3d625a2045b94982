import { formatDuration } from '../../base/units.ts';
import { describeInvalid, EVENT_FIELDS, parseAdEvent } from '../../model/ad-event.ts';
import { formatTime } from '../../model/event-time.ts';
import { INVALID_CODES, VERDICTS, type EventProblem } from '../../model/verdict.ts';
import type { AggregationRules } from '../../pipeline/aggregation.ts';

export interface JudgedEvent {
  /** The event's raw bytes. */
  readonly bytes: Uint8Array;
  readonly arrival: number;
  /** Index in VERDICTS; not `counted`. */
  readonly verdict: number;
  /** 0, or index in INVALID_CODES + 1. */
  readonly fault: number;
  /** 0, or index in EVENT_FIELDS + 1. */
  readonly faultField: number;
}

/** Unix seconds stay below this until the year 2286; milliseconds passed it in April 1970. */
const LOOKS_LIKE_SECONDS_MAX = 10_000_000_000;

/** Says of an event that was not counted what became of it and why. */
export function describeProblem(
  event: JudgedEvent,
  rules: AggregationRules,
): Pick<EventProblem, 'eventId' | 'verdict' | 'code' | 'message'> {
  const verdict = VERDICTS[event.verdict] as EventProblem['verdict'];
  const reading = parseAdEvent(event.bytes, rules);
  const eventId = reading.ok ? reading.event.eventId : reading.problem.eventId;
  if (verdict === 'invalid') {
    const code = INVALID_CODES[event.fault - 1];
    const field = event.faultField === 0 ? null : EVENT_FIELDS[event.faultField - 1];
    return { eventId, verdict, code, message: describeInvalid(code, field) };
  }
  const eventTime = reading.ok ? reading.event.eventTime : 0;
  return { eventId, verdict, code: verdict, message: explain(verdict, eventTime, event.arrival, rules) };
}

function explain(
  verdict: Exclude<EventProblem['verdict'], 'invalid'>,
  eventTime: number,
  arrival: number,
  rules: AggregationRules,
): string {
  const times = `eventTime ${formatTime(eventTime)}, arrived ${formatTime(arrival)}`;
  const { maxEventAgeMs, maxClockSkewMs } = rules;
  if (verdict === 'duplicate') return 'This event was counted before; nothing is lost.';
  if (verdict === 'conflict') {
    return 'An event with this eventId but other content was counted before; the first one stands.';
  }
  if (verdict === 'future') {
    return `The event is further ahead than maxClockSkew, ${formatDuration(maxClockSkewMs)} (${times}).`;
  }
  const hint = eventTime < LOOKS_LIKE_SECONDS_MAX ? ' eventTime looks like seconds; send milliseconds.' : '';
  return `The event is older than maxEventAge, ${formatDuration(maxEventAgeMs)} (${times}).${hint}`;
}
