import type { OracleRules } from './oracle-rules.ts';
import { readWireTime } from './wire-time.ts';

/** A valid event with its defaults filled in. */
export interface OracleEvent {
  readonly eventId: string;
  readonly eventType: 'impression' | 'click';
  readonly eventTime: number;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly userId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
  readonly costMicros: number;
  readonly currency: string;
}

export type OracleReading =
  | { readonly event: OracleEvent; readonly code: null; readonly eventId: string }
  | { readonly event: null; readonly code: string; readonly eventId: string | null };

type Check = (value: unknown) => string | null;

/** The known fields with their checks, in the order in which they are looked at: the first fault is the event's. */
const CHECKS: readonly (readonly [field: string, check: Check])[] = [
  ['eventId', checkText],
  ['eventType', checkEventType],
  ['eventTime', (value) => (readWireTime(value) === null ? 'bad_time' : null)],
  ['adId', checkText],
  ['campaignId', checkText],
  ['advertiserId', checkText],
  ['userId', checkText],
  ['merchantId', checkText],
  ['placement', checkText],
  ['costMicros', checkCost],
  ['currency', checkCurrency],
];

const KNOWN_FIELDS = new Set(CHECKS.map(([field]) => field));

/** Reads one event from the bytes of one JSON text. */
export function readOracleEvent(bytes: Uint8Array, rules: OracleRules): OracleReading {
  if (bytes.byteLength > 64 * 1024) return fault('too_large', null);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fault('bad_utf8', null);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fault('malformed_json', null);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return fault('not_an_object', null);
  }
  const given = new Map<string, unknown>(Object.entries(parsed));
  const readableId = checkText(given.get('eventId')) === null ? (given.get('eventId') as string) : null;
  if (repeatsKnownKey(text)) return fault('duplicate_key', readableId);
  for (const [field, check] of CHECKS) {
    const value = given.get(field) ?? null;
    const required = rules.requiredFields.includes(field);
    const code = value === null ? (required ? 'missing_field' : null) : check(value);
    if (code !== null) return fault(code, readableId);
  }
  return { event: toEvent(given, rules), code: null, eventId: readableId! };
}

function fault(code: string, eventId: string | null): OracleReading {
  return { event: null, code, eventId };
}

/** All checks have passed: the casts state what they found. */
function toEvent(given: Map<string, unknown>, rules: OracleRules): OracleEvent {
  return {
    eventId: given.get('eventId') as string,
    eventType: given.get('eventType') as 'impression' | 'click',
    eventTime: readWireTime(given.get('eventTime'))!,
    adId: given.get('adId') as string,
    campaignId: given.get('campaignId') as string,
    advertiserId: given.get('advertiserId') as string,
    userId: given.get('userId') as string,
    merchantId: (given.get('merchantId') ?? null) as string | null,
    placement: (given.get('placement') ?? null) as string | null,
    costMicros: Math.abs((given.get('costMicros') ?? 0) as number),
    currency: (given.get('currency') ?? rules.defaultCurrency) as string,
  };
}

function checkText(value: unknown): string | null {
  if (typeof value !== 'string') return 'bad_type';
  if (value === '') return 'empty_field';
  let characters = 0;
  let badCharacter = false;
  for (const character of value) {
    const codePoint = character.codePointAt(0)!;
    const isControl = codePoint < 0x20 || codePoint === 0x7f;
    const isLoneSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    badCharacter ||= isControl || isLoneSurrogate;
    if (++characters > 128) return 'too_long';
  }
  return badCharacter ? 'bad_character' : null;
}

function checkEventType(value: unknown): string | null {
  if (typeof value !== 'string') return 'bad_type';
  return value === 'impression' || value === 'click' ? null : 'bad_value';
}

function checkCost(value: unknown): string | null {
  if (typeof value !== 'number') return 'bad_type';
  if (value < 0 || value > 2 ** 53 - 1) return 'out_of_range';
  return value % 1 === 0 ? null : 'bad_type';
}

function checkCurrency(value: unknown): string | null {
  if (typeof value !== 'string') return 'bad_type';
  const isCapital = (at: number): boolean => value[at] >= 'A' && value[at] <= 'Z';
  return value.length === 3 && [0, 1, 2].every(isCapital) ? null : 'bad_currency';
}

/**
 * Whether a known key stands twice in the outermost object of `text`, which JSON.parse has accepted. JSON.parse itself keeps
 * only the last of them, so the keys are read once more: a string on depth 1 is a key when a colon follows it.
 */
function repeatsKnownKey(text: string): boolean {
  const seen = new Set<string>();
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const character = text[position];
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    if (character !== '"') {
      position++;
      continue;
    }
    const end = endOfString(text, position);
    const isKey = depth === 1 && text.slice(end).trimStart().startsWith(':');
    const key = isKey ? (JSON.parse(text.slice(position, end)) as string) : null;
    if (key !== null && seen.has(key)) return true;
    if (key !== null && KNOWN_FIELDS.has(key)) seen.add(key);
    position = end;
  }
  return false;
}

/** The position behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
  return position + 1;
}
