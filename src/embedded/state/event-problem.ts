import { formatDuration } from '../../base/units.ts';
import { describeInvalid, EVENT_FIELDS, parseAdEvent } from '../../model/ad-event.ts';
import { formatTime, parseEventTime } from '../../model/event-time.ts';
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

/** Says of an event whose id has been seen before what became of it and why. */
export function describeSeen(
  verdict: 'duplicate' | 'conflict',
  eventId: string,
): Pick<EventProblem, 'eventId' | 'verdict' | 'code' | 'message'> {
  const message =
    verdict === 'duplicate'
      ? 'This event was counted before; nothing is lost.'
      : 'An event with this eventId but other content was counted before; the first one stands.';
  return { eventId, verdict, code: verdict, message };
}

/** Says of an event that was not counted what became of it and why. */
export function describeProblem(
  event: JudgedEvent,
  rules: AggregationRules,
): Pick<EventProblem, 'eventId' | 'verdict' | 'code' | 'message'> {
  const verdict = VERDICTS[event.verdict] as EventProblem['verdict'];
  if (verdict === 'invalid') return describeInvalidEvent(event, rules);
  // The event has been found valid: its fields can be read without the checks, which would cost many times as much.
  const text = Buffer.from(event.bytes.buffer, event.bytes.byteOffset, event.bytes.length).toString();
  const { eventId, eventTime } = JSON.parse(text) as { eventId: string; eventTime: unknown };
  if (verdict === 'duplicate' || verdict === 'conflict') return describeSeen(verdict, eventId);
  const message = explain(verdict, parseEventTime(eventTime)!, event.arrival, rules);
  return { eventId, verdict, code: verdict, message };
}

function describeInvalidEvent(
  { bytes, fault, faultField }: JudgedEvent,
  rules: AggregationRules,
): Pick<EventProblem, 'eventId' | 'verdict' | 'code' | 'message'> {
  const reading = parseAdEvent(bytes, rules);
  const eventId = reading.ok ? reading.event.eventId : reading.problem.eventId;
  const code = INVALID_CODES[fault - 1];
  const field = faultField === 0 ? null : EVENT_FIELDS[faultField - 1];
  return { eventId, verdict: 'invalid', code, message: describeInvalid(code, field) };
}

function explain(
  verdict: 'late' | 'future',
  eventTime: number,
  arrival: number,
  rules: AggregationRules,
): string {
  const { maxEventAgeMs, maxClockSkewMs } = rules;
  const times = `eventTime ${formatTime(eventTime)}, arrived ${formatTime(arrival)}`;
  if (verdict === 'future') {
    return `The event is further ahead than maxClockSkew, ${formatDuration(maxClockSkewMs)} (${times}).`;
  }
  const hint = eventTime < LOOKS_LIKE_SECONDS_MAX ? ' eventTime looks like seconds; send milliseconds.' : '';
  return `The event is older than maxEventAge, ${formatDuration(maxEventAgeMs)} (${times}).${hint}`;
}
