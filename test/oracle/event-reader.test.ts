import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAdEvent } from '../../src/model/ad-event.ts';
import { parseEventTime } from '../../src/model/event-time.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import { readOracleEvent } from '../../src/oracle/event-reader.ts';
import { adMinuteUuid } from '../../src/oracle/record-uuid.ts';
import { readWireTime } from '../../src/oracle/wire-time.ts';
import type { EventField } from '../../src/model/ad-event.ts';

const FORMAT = {
  requiredFields: [
    'eventId',
    'eventType',
    'eventTime',
    'adId',
    'campaignId',
    'advertiserId',
    'userId',
  ] as EventField[],
  defaultCurrency: 'EUR',
};
const RULES = {
  ...FORMAT,
  region: 'a',
  regions: ['a'],
  holdMaxMs: 0,
  maxEventAgeMs: 0,
  maxClockSkewMs: 0,
  dedupeWindowMs: 0,
  recordRetentionMs: 0,
};
const VALID = {
  eventId: 'e1',
  eventType: 'click',
  eventTime: 1_700_000_000_000,
  adId: 'ad',
  campaignId: 'c',
  advertiserId: 'adv',
  userId: 'u',
};
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string): string | null => readOracleEvent(bytesOf(text), RULES).code;
const readObject = (changes: object): string | null => read(JSON.stringify({ ...VALID, ...changes }));

function twoDigits(max: number): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, '0'));
}

function twice(text: string): string {
  return JSON.stringify(VALID).replace('{', `{${text},`);
}

describe('the oracle reads an event', () => {
  test('fills in the defaults', () => {
    const { event } = readOracleEvent(bytesOf(JSON.stringify(VALID)), RULES);
    expect(event).toEqual({ ...VALID, merchantId: null, placement: null, costMicros: 0, currency: 'EUR' });
  });

  test('names the first fault', () => {
    expect(read('{')).toBe('malformed_json');
    expect(read('[1]')).toBe('not_an_object');
    expect(read('\ufeff{}')).toBe('malformed_json');
    expect(readOracleEvent(Uint8Array.of(0x7b, 0xff, 0x7d), RULES).code).toBe('bad_utf8');
    expect(readObject({ adId: undefined, costMicros: -1 })).toBe('missing_field');
    expect(readObject({ adId: null })).toBe('missing_field');
    expect(readObject({ adId: 7 })).toBe('bad_type');
    expect(readObject({ adId: '' })).toBe('empty_field');
    expect(readObject({ adId: '😀'.repeat(128) })).toBeNull();
    expect(readObject({ adId: '😀'.repeat(129) })).toBe('too_long');
    expect(readObject({ adId: 'a\u007f' })).toBe('bad_character');
    expect(readObject({ adId: '\ud800' })).toBe('bad_character');
    expect(readObject({ eventType: 'view' })).toBe('bad_value');
    expect(readObject({ costMicros: 1.5 })).toBe('bad_type');
    expect(readObject({ costMicros: -0.5 })).toBe('out_of_range');
    expect(readObject({ costMicros: 2 ** 53 })).toBe('out_of_range');
    expect(read(JSON.stringify({ ...VALID, costMicros: 0 }).replace(':0}', ':-0}'))).toBeNull();
    expect(readObject({ currency: 'eur' })).toBe('bad_currency');
  });

  test('refuses a known field given twice, at the top only', () => {
    expect(read(twice('"adId":"x"'))).toBe('duplicate_key');
    expect(read(twice(String.raw`"ad\u0049d":"x"`))).toBe('duplicate_key');
    expect(read(twice('"note":1,"note":2'))).toBeNull();
    expect(read(twice('"note":{"adId":1,"adId":[{"adId":"\\"adId\\":"}]}'))).toBeNull();
  });
});

describe('the oracle reads a time', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2000-02-29T23:59:59.9999+00:30', 951_866_999_999],
    ['2026-01-31t12:00:00.5-01:00', 1_769_864_400_500],
    ['9999-12-31T23:59:59.999z', 253_402_300_799_999],
    ['1969-12-31T23:59:59Z', null],
    ['1969-12-31T23:59:59-01:00', 3_599_000],
    ['2100-02-29T00:00:00Z', null],
    ['2026-01-01T24:00:00Z', null],
    ['2026-01-01T23:59:60Z', null],
    ['2026-01-01T00:00:00', null],
    ['2026-01-01T00:00:00.Z', null],
    ['2026-01-01T00:00:00.1234567890Z', null],
    ['2026-01-01T00:00:00+0100', null],
    [-0, 0],
    [1.5, null],
    [-1, null],
    ['1700000000000', null],
  ])('%s is %s', (text, time) => {
    expect(readWireTime(text)).toBe(time);
  });
});

/** Two readings made apart must agree: a fault in one of them would have to be in the other as well. */
describe('the oracle and the model agree', () => {
  const years = fc.integer({ min: 0, max: 9999 }).map((year) => String(year).padStart(4, '0'));
  const rfc3339 = fc
    .tuple(
      years,
      twoDigits(13),
      twoDigits(32),
      twoDigits(24),
      twoDigits(60),
      twoDigits(60),
      fc.constantFrom('', '.', '.1', '.123', '.123456789', '.1234567891'),
      fc.constantFrom('Z', 'z', '+00:00', '-23:59', '+24:00', '+1:00', ''),
    )
    .map(([y, mo, d, h, mi, s, f, o]) => `${y}-${mo}-${d}T${h}:${mi}:${s}${f}${o}`);

  test('on times', () => {
    const times = fc.oneof(rfc3339, fc.double(), fc.integer(), fc.string(), fc.constant(null));
    fc.assert(
      fc.property(times, (value) => {
        expect(readWireTime(value)).toBe(parseEventTime(value) ?? null);
      }),
      { numRuns: 3000 },
    );
  });

  const oddText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('', 'EUR', 'click', 'x'.repeat(128), 'x'.repeat(129), '😀'.repeat(129), '\ud800'),
  );
  const oddValue = fc.oneof(
    oddText,
    fc.double(),
    fc.integer(),
    fc.constantFrom(null, true, [], {}, -0, 2 ** 53),
  );
  const changed = fc
    .tuple(
      fc.dictionary(fc.constantFrom(...Object.keys(VALID), 'placement', 'costMicros', 'currency'), oddValue),
      fc.boolean(),
    )
    .map(([changes, repeats]) => {
      const text = JSON.stringify({ ...VALID, ...changes });
      return repeats ? text.replace('{', '{"us\\u0065rId":"z",') : text;
    });

  test('on events', () => {
    fc.assert(
      fc.property(fc.oneof(changed, fc.json()), (text) => {
        const theirs = parseAdEvent(bytesOf(text), FORMAT);
        expect(readOracleEvent(bytesOf(text), RULES)).toEqual(
          theirs.ok
            ? { event: theirs.event, code: null, eventId: theirs.event.eventId }
            : { event: null, code: theirs.problem.code, eventId: theirs.problem.eventId },
        );
      }),
      { numRuns: 3000 },
    );
  });

  test('on damaged bytes', () => {
    const damaged = fc
      .tuple(changed, fc.nat(), fc.nat({ max: 255 }))
      .map(([text, at, byte]) => bytesOf(text).with(at % text.length, byte));
    fc.assert(
      fc.property(damaged, (bytes) => {
        const theirs = parseAdEvent(bytes, FORMAT);
        const { code } = readOracleEvent(bytes, RULES);
        expect(code).toBe(theirs.ok ? null : theirs.problem.code);
      }),
      { numRuns: 3000 },
    );
  });

  test('on record ids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (adId, minute) => {
        expect(adMinuteUuid('a', adId, minute, 'EUR')).toBe(adMinuteRecordId('a', adId, minute, 'EUR'));
      }),
    );
    expect(adMinuteUuid('a', String.raw`x|y\z`, 0, 'EUR')).toBe(
      adMinuteRecordId('a', String.raw`x|y\z`, 0, 'EUR'),
    );
  });
});
