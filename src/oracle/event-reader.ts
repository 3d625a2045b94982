import {
  checkCurrency,
  checkText,
  checkWholeNumber,
  checkWord,
  readJsonFields,
  type FieldChecks,
} from './json-fields.ts';
import type { OracleRules } from './oracle-rules.ts';
import { checkWireTime, readWireTime } from './wire-time.ts';

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

/** The known fields with their checks, in the order in which they are looked at: the first fault is the event's. */
const CHECKS: FieldChecks = new Map([
  ['eventId', checkText],
  ['eventType', (value) => checkWord(value, ['impression', 'click'])],
  ['eventTime', checkWireTime],
  ['adId', checkText],
  ['campaignId', checkText],
  ['advertiserId', checkText],
  ['userId', checkText],
  ['merchantId', checkText],
  ['placement', checkText],
  ['costMicros', (value) => checkWholeNumber(value, 0)],
  ['currency', checkCurrency],
]);

/** Reads one event from the bytes of one JSON text. */
export function readOracleEvent(bytes: Uint8Array, rules: OracleRules): OracleReading {
  const { given, code, id } = readJsonFields(bytes, CHECKS, rules.requiredFields);
  if (given === null) return { event: null, code: code!, eventId: id };
  return { event: toEvent(given, rules), code: null, eventId: id! };
}

/** All checks have passed: the casts state what they found. */
function toEvent(given: ReadonlyMap<string, unknown>, rules: OracleRules): OracleEvent {
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
