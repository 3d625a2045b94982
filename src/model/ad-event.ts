import type { UnixMs } from '../base/clock.ts';
import { parseEventTime } from './event-time.ts';
import {
  commonSentences,
  currencyFault,
  identifierFault,
  readableIdentifier,
  wholeNumberFault,
  wordFault,
} from './field-checks.ts';
import { knownFields, ownField, readJsonObject, type JsonFields } from './json-object.ts';
import type { InvalidCode } from './verdict.ts';

const EVENT_TYPES = ['impression', 'click'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** A valid ad event, with defaults filled in. Its content is what decides `duplicate` against `conflict`. */
export interface AdEvent {
  readonly eventId: string;
  readonly eventType: EventType;
  readonly eventTime: UnixMs;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly userId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
  /** Integer micros of `currency`, ≥ 0. */
  readonly costMicros: number;
  /** ISO 4217 code. */
  readonly currency: string;
}

/** The fields adtally interprets, in the order in which they are checked. Anything else is kept, not read. */
export const EVENT_FIELDS = [
  'eventId',
  'eventType',
  'eventTime',
  'adId',
  'campaignId',
  'advertiserId',
  'userId',
  'merchantId',
  'placement',
  'costMicros',
  'currency',
] as const;
export type EventField = (typeof EVENT_FIELDS)[number];

/** Required in every event; a pipeline spec may add the optional ones. */
export const ALWAYS_REQUIRED = [
  'eventId',
  'eventType',
  'eventTime',
  'adId',
  'campaignId',
  'advertiserId',
  'userId',
] as const satisfies readonly EventField[];

/** Largest event, so that one of them cannot keep the others waiting while it is parsed. */
export const EVENT_BYTES_MAX = 65_536;

/** What reading an event depends on. */
export interface EventFormat {
  readonly requiredFields: readonly EventField[];
  readonly defaultCurrency: string;
}

/** Why bytes are not a valid event. */
export interface InvalidEvent {
  readonly code: InvalidCode;
  /** The field at fault; null when it is the event as a whole. */
  readonly field: EventField | null;
  /** The event's id where one could be read. */
  readonly eventId: string | null;
}

export type EventReading =
  | { readonly ok: true; readonly event: AdEvent }
  | { readonly ok: false; readonly problem: InvalidEvent };

const KNOWN_FIELDS = knownFields(EVENT_FIELDS);

/** Reads one event from the bytes of one JSON value. The engine's scanner must agree with this on every input. */
export function parseAdEvent(bytes: Uint8Array, format: EventFormat): EventReading {
  const reading = readJsonObject(bytes, KNOWN_FIELDS, EVENT_BYTES_MAX);
  if (!reading.ok) return invalid(reading.code, reading.field, reading.fields);
  return readAdEvent(reading.fields, format);
}

/** Checks a parsed JSON object, field by field in the order of EVENT_FIELDS; the first fault is the one reported. */
function readAdEvent(fields: JsonFields, format: EventFormat): EventReading {
  for (const field of EVENT_FIELDS) {
    const code = fieldFault(field, ownField(fields, field), format.requiredFields.includes(field));
    if (code !== null) return invalid(code, field, fields);
  }
  const optional = (field: EventField): unknown => ownField(fields, field) ?? null;
  const event: AdEvent = {
    eventId: fields['eventId'] as string,
    eventType: fields['eventType'] as EventType,
    eventTime: parseEventTime(fields['eventTime'])!,
    adId: fields['adId'] as string,
    campaignId: fields['campaignId'] as string,
    advertiserId: fields['advertiserId'] as string,
    userId: fields['userId'] as string,
    merchantId: optional('merchantId') as string | null,
    placement: optional('placement') as string | null,
    costMicros: ((optional('costMicros') as number | null) ?? 0) + 0,
    currency: (optional('currency') as string | null) ?? format.defaultCurrency,
  };
  return { ok: true, event };
}

const FAULTS: Record<InvalidCode, (field: string) => string> = {
  ...commonSentences('event', EVENT_BYTES_MAX),
  bad_type: (field) =>
    field === 'costMicros' ? 'costMicros must be a whole number of micros.' : `${field} must be a string.`,
  bad_value: () => 'eventType must be "impression" or "click".',
  out_of_range: (field) => `${field} must be from 0 to 9007199254740991.`,
  sum_out_of_range: () =>
    'With this costMicros the sum of its ad minute would pass 2^53 − 1; adtally refuses it rather than round.',
};

/** One sentence for the sender: what is wrong and what would be right. */
export function describeInvalid(code: InvalidCode, field: string | null): string {
  return FAULTS[code](field ?? 'The event');
}

function invalid(code: InvalidCode, field: EventField | null, fields: JsonFields | null): EventReading {
  const eventId = fields === null ? null : readableIdentifier(ownField(fields, 'eventId'));
  return { ok: false, problem: { code, field, eventId } };
}

function fieldFault(field: EventField, value: unknown, required: boolean): InvalidCode | null {
  if (value === undefined) return required ? 'missing_field' : null;
  switch (field) {
    case 'eventTime':
      return parseEventTime(value) === undefined ? 'bad_time' : null;
    case 'costMicros':
      return wholeNumberFault(value, 0);
    case 'eventType':
      return wordFault(value, EVENT_TYPES);
    case 'currency':
      return currencyFault(value);
    default:
      return identifierFault(value);
  }
}
