import type { UnixMs } from '../base/clock.ts';
import type { InvalidCode } from '../model/verdict.ts';

/** A line of NDJSON that is not a valid event, and the code that is due for it. */
export interface MalformedLine {
  readonly bytes: Uint8Array;
  readonly code: InvalidCode;
}

const encoder = new TextEncoder();

type Fields = Record<string, unknown>;
type Fault = readonly [code: InvalidCode, line: (event: Fields) => string];

const FAULTS: readonly Fault[] = [
  ['malformed_json', (event) => JSON.stringify(event).slice(0, -9)],
  ['not_an_object', () => '"impression"'],
  ['missing_field', (event) => JSON.stringify({ ...event, adId: undefined })],
  ['bad_type', (event) => JSON.stringify({ ...event, userId: 7 })],
  ['bad_value', (event) => JSON.stringify({ ...event, eventType: 'view' })],
  ['empty_field', (event) => JSON.stringify({ ...event, campaignId: '' })],
  ['too_long', (event) => JSON.stringify({ ...event, adId: 'x'.repeat(129) })],
  ['bad_character', (event) => JSON.stringify({ ...event, adId: 'ad\u0000' })],
  ['bad_time', (event) => JSON.stringify({ ...event, eventTime: 'yesterday' })],
  ['out_of_range', (event) => JSON.stringify({ ...event, costMicros: -1 })],
  ['bad_currency', (event) => JSON.stringify({ ...event, currency: 'euro' })],
  ['duplicate_key', (event) => JSON.stringify(event).replace('"adId"', '"adId":"other","adId"')],
  ['bad_utf8', (event) => JSON.stringify({ ...event, adId: 'ad-~' })],
];

export const FAULT_COUNT = FAULTS.length;

/** The line with the fault number `fault`, from 0 to FAULT_COUNT − 1. */
export function malformedLine(fault: number, eventTime: UnixMs): MalformedLine {
  const [code, line] = FAULTS[fault];
  const bytes = encoder.encode(
    line({
      eventId: `malformed-${code}`,
      eventType: 'impression',
      eventTime,
      adId: 'ad-0',
      campaignId: 'campaign-0',
      advertiserId: 'advertiser-0',
      userId: 'user-0',
    }),
  );
  // No JavaScript string encodes to bad UTF-8: the byte is put in afterwards.
  if (code === 'bad_utf8') bytes[bytes.indexOf(0x7e)] = 0xff;
  return { bytes, code };
}
