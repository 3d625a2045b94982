import type { UnixMs } from '../base/clock.ts';
import { parseEventTime } from './event-time.ts';
import type { InvalidCode } from './verdict.ts';

export type EventType = 'impression' | 'click';

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

/** Longest identifier, in Unicode code points. */
export const ID_LENGTH_MAX = 128;

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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one event from the bytes of one JSON value. JSON.parse decides what is JSON; a known field given twice is refused,
 * because parsers disagree on which one counts. The engine's scanner must agree with this on every input.
 */
export function parseAdEvent(bytes: Uint8Array, format: EventFormat): EventReading {
  if (bytes.length > EVENT_BYTES_MAX) return invalid('too_large', null, null);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return invalid('bad_utf8', null, null);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid('malformed_json', null, null);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid('not_an_object', null, null);
  }
  const fields = value as Record<string, unknown>;
  const repeated = repeatedField(text);
  if (repeated !== null) return invalid('duplicate_key', repeated, fields);
  return readAdEvent(fields, format);
}

/** Checks a parsed JSON object, field by field in the order of EVENT_FIELDS; the first fault is the one reported. */
function readAdEvent(fields: Record<string, unknown>, format: EventFormat): EventReading {
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
  malformed_json: () => 'The event is not valid JSON.',
  bad_utf8: () => 'The event is not valid UTF-8.',
  not_an_object: () => 'The event is JSON, but not an object.',
  duplicate_key: (field) => `${field} is given twice; send each field once.`,
  missing_field: (field) => `${field} is missing.`,
  bad_type: (field) =>
    field === 'costMicros' ? 'costMicros must be a whole number of micros.' : `${field} must be a string.`,
  bad_value: () => 'eventType must be "impression" or "click".',
  empty_field: (field) => `${field} is empty; it needs 1 to ${ID_LENGTH_MAX} characters.`,
  too_long: (field) => `${field} is longer than ${ID_LENGTH_MAX} characters.`,
  bad_character: (field) => `${field} holds a control character or half of a surrogate pair.`,
  bad_time: () =>
    'eventTime must be RFC 3339 with an offset ("2026-01-31T12:00:00Z") or whole Unix milliseconds, from 1970 to 9999.',
  out_of_range: (field) => `${field} must be from 0 to 9007199254740991.`,
  bad_currency: () => 'currency must be an ISO 4217 code: three capital letters.',
  too_large: () => `The event has more than ${EVENT_BYTES_MAX} bytes.`,
  sum_out_of_range: () =>
    'With this costMicros the sum of its ad minute would pass 2^53 − 1; adtally refuses it rather than round.',
};

/** One sentence for the sender: what is wrong and what would be right. */
export function describeInvalid(code: InvalidCode, field: string | null): string {
  return FAULTS[code](field ?? 'The event');
}

function invalid(
  code: InvalidCode,
  field: EventField | null,
  fields: Record<string, unknown> | null,
): EventReading {
  const id = fields === null ? undefined : ownField(fields, 'eventId');
  const eventId = typeof id === 'string' && stringFault(id) === null ? id : null;
  return { ok: false, problem: { code, field, eventId } };
}

/** The object's own value of `field`; JSON null counts as absent. */
function ownField(fields: Record<string, unknown>, field: EventField): unknown {
  return Object.hasOwn(fields, field) ? (fields[field] ?? undefined) : undefined;
}

function fieldFault(field: EventField, value: unknown, required: boolean): InvalidCode | null {
  if (value === undefined) return required ? 'missing_field' : null;
  switch (field) {
    case 'eventTime':
      return parseEventTime(value) === undefined ? 'bad_time' : null;
    case 'costMicros':
      return costFault(value);
    case 'eventType':
      if (typeof value !== 'string') return 'bad_type';
      return value === 'impression' || value === 'click' ? null : 'bad_value';
    case 'currency':
      if (typeof value !== 'string') return 'bad_type';
      return /^[A-Z]{3}$/.test(value) ? null : 'bad_currency';
    default:
      return typeof value === 'string' ? stringFault(value) : 'bad_type';
  }
}

function costFault(value: unknown): InvalidCode | null {
  if (typeof value !== 'number') return 'bad_type';
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) return 'out_of_range';
  return Number.isInteger(value) ? null : 'bad_type';
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

function stringFault(value: string): InvalidCode | null {
  if (value.length === 0) return 'empty_field';
  if (value.length > ID_LENGTH_MAX && codePoints(value) > ID_LENGTH_MAX) return 'too_long';
  return CONTROL.test(value) || !value.isWellFormed() ? 'bad_character' : null;
}

function codePoints(value: string): number {
  let count = 0;
  // Counting stops early: a hostile string may have millions.
  for (const _ of value) if (++count > ID_LENGTH_MAX) break;
  return count;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** The first known field that stands twice at the top level of `text`, which is valid JSON of an object. */
function repeatedField(text: string): EventField | null {
  const seen = new Set<EventField>();
  const hasEscapes = text.includes('\\');
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = stringEnd(text, at, hasEscapes);
      const field = isKey && depth === 1 ? knownField(text, at, end) : undefined;
      if (field !== undefined && seen.has(field)) return field;
      if (field !== undefined) seen.add(field);
      if (depth === 1) isKey = false;
      at = end;
    } else if (char === 0x7b || char === 0x5b) {
      depth++;
      isKey = char === 0x7b;
    } else if (char === 0x7d || char === 0x5d) {
      depth--;
    } else if (char === COMMA) {
      isKey = depth === 1;
    }
  }
  return null;
}

const KNOWN_FIELDS: ReadonlyMap<string, EventField> = new Map(EVENT_FIELDS.map((field) => [field, field]));
/** In characters; every character of a key may be written as an escape of six. */
const KEY_LENGTH_MAX = 6 * Math.max(...EVENT_FIELDS.map((field) => field.length));

/** The known field that the key between two quotes names. */
function knownField(text: string, start: number, end: number): EventField | undefined {
  if (end - start - 1 > KEY_LENGTH_MAX) return undefined;
  const key = text.slice(start + 1, end);
  return KNOWN_FIELDS.get(key.includes('\\') ? (JSON.parse(`"${key}"`) as string) : key);
}

/** Index of the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number, hasEscapes: boolean): number {
  if (!hasEscapes) return text.indexOf('"', start + 1);
  let at = start + 1;
  for (let char = text.charCodeAt(at); char !== QUOTE; char = text.charCodeAt(at)) {
    at += char === BACKSLASH ? 2 : 1;
  }
  return at;
}
