import { describe, expect, test } from 'vitest';
import {
  ALWAYS_REQUIRED,
  EVENT_FIELDS,
  type EventFormat,
  describeInvalid,
  parseAdEvent,
} from '../../src/model/ad-event.ts';
import { INVALID_CODES } from '../../src/model/verdict.ts';

const FORMAT: EventFormat = { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' };
const EVENT = {
  eventId: 'e-1',
  eventType: 'impression',
  eventTime: 1_769_860_800_000,
  adId: 'ad-1',
  campaignId: 'c-1',
  advertiserId: 'v-1',
  userId: 'u-1',
};

const encoder = new TextEncoder();

function read(text: string, format = FORMAT): ReturnType<typeof parseAdEvent> {
  return parseAdEvent(encoder.encode(text), format);
}

function readWith(fields: Record<string, unknown>, format = FORMAT): ReturnType<typeof parseAdEvent> {
  return read(JSON.stringify({ ...EVENT, ...fields }), format);
}

/** The event with one field written as given, whatever JSON.stringify would make of it. */
function readRaw(field: string, json: string): ReturnType<typeof parseAdEvent> {
  return read(JSON.stringify({ ...EVENT, [field]: '@' }).replace('"@"', json));
}

const fault = (code: string, field: string | null, eventId: string | null = 'e-1'): unknown => ({
  ok: false,
  problem: { code, field, eventId },
});

describe('a valid event', () => {
  test('gets its defaults', () => {
    const defaults = { merchantId: null, placement: null, costMicros: 0, currency: 'EUR' };
    expect(readWith({})).toEqual({ ok: true, event: { ...EVENT, ...defaults } });
    const nulls = { merchantId: null, placement: null, costMicros: null, currency: null };
    expect(readWith(nulls)).toEqual(readWith({}));
  });

  test('keeps what it says', () => {
    const more = { merchantId: 'm', placement: 'p', costMicros: 2 ** 53 - 1, currency: 'USD' };
    expect(readWith({ ...more, eventType: 'click' })).toEqual({
      ok: true,
      event: { ...EVENT, ...more, eventType: 'click' },
    });
  });

  test('may hold other fields, with any value and any number of times', () => {
    const other = '"x":1,"x":{"adId":"no","eventId":[{"eventId":1}]},"__proto__":{"adId":"no"},"":[[],{}],';
    expect(read(JSON.stringify(EVENT).replace('{', `{${other}`))).toEqual(readWith({}));
  });

  test.each(['1e3', '1000.0', '10E+2'])('may write a whole number as %s', (json) => {
    expect(readRaw('costMicros', json)).toEqual(readWith({ costMicros: 1000 }));
  });

  test.each(['-0', '-0.0', '-0e5'])('has no minus before 0: %s', (json) => {
    const reading = readRaw('costMicros', json);
    expect(reading.ok && Object.is(reading.event.costMicros, 0)).toBe(true);
  });

  test('has identifiers of up to 128 code points', () => {
    expect(readWith({ adId: '😀'.repeat(128) }).ok).toBe(true);
    expect(readWith({ adId: '😀'.repeat(129) })).toEqual(fault('too_long', 'adId'));
    expect(readWith({ eventId: 'x'.repeat(128) }).ok).toBe(true);
    expect(readWith({ eventId: 'x'.repeat(129) })).toEqual(fault('too_long', 'eventId', null));
  });
});

describe('what is no event at all', () => {
  const NO_EVENTS = [
    ['', 'malformed_json'],
    ['{', 'malformed_json'],
    ['\ufeff{}', 'malformed_json'],
    ['{"a":1}}', 'malformed_json'],
    ['{"a":NaN}', 'malformed_json'],
    ['{"a":01}', 'malformed_json'],
    ["{'a':1}", 'malformed_json'],
    ['{"a":"\n"}', 'malformed_json'],
    ['{"a":1}\0', 'malformed_json'],
    ['['.repeat(60_000), 'malformed_json'],
    ['['.repeat(200_000), 'too_large'],
    ['[]', 'not_an_object'],
    ['null', 'not_an_object'],
    ['"eventId"', 'not_an_object'],
    ['['.repeat(10_000) + ']'.repeat(10_000), 'not_an_object'],
  ] as const;

  test.each(NO_EVENTS.map(([text, code]) => [text.slice(0, 20), code, text] as const))(
    '%s is %s',
    (_, code, text) => {
      expect(read(text)).toEqual(fault(code, null, null));
    },
  );

  test.each([
    [[0xff]],
    [[0xc0, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0x7b, 0x22, 0xc3, 0x22, 0x7d]],
    [[0xf5, 0x80, 0x80, 0x80]],
  ])('the bytes %j are bad UTF-8', (bytes) => {
    expect(parseAdEvent(Uint8Array.from(bytes), FORMAT)).toEqual(fault('bad_utf8', null, null));
  });
});

describe('a known field given twice', () => {
  const text = JSON.stringify(EVENT);

  test.each([
    ['at the end', text.replace('}', ',"adId":"ad-1"}'), 'adId'],
    ['at the front', text.replace('{', '{"userId":null,'), 'userId'],
    ['with an escape', text.replace('}', String.raw`,"ad\u0049d":"x"}`), 'adId'],
    ['behind nested values', text.replace('}', ',"x":{"y":[{}]},"z":[","],"userId":"u"}'), 'userId'],
    ['with space around', text.replace('}', ' , "adId" :\t"ad-1" }'), 'adId'],
    ['an optional one', text.replace('}', ',"currency":null,"currency":"EUR"}'), 'currency'],
    ['the first of several', text.replace('}', ',"userId":"u","adId":"a"}'), 'userId'],
  ])('is refused: %s', (_, twice, field) => {
    expect(read(twice)).toEqual(fault('duplicate_key', field));
  });

  test.each([
    ['in a value', '"x":"\\"adId\\":1,","y":["adId","adId"]'],
    ['deeper down', '"x":{"adId":1,"b":{"adId":2}},"y":{"adId":3}'],
    ['with another case', '"adid":1,"ADID":2,"adId ":3'],
  ])('is none: %s', (_, members) => {
    expect(read(text.replace('{', `{${members},`)).ok).toBe(true);
  });
});

describe('a field at fault', () => {
  test.each(ALWAYS_REQUIRED)('%s is required', (field) => {
    const eventId = field === 'eventId' ? null : 'e-1';
    expect(readWith({ [field]: undefined })).toEqual(fault('missing_field', field, eventId));
    expect(readWith({ [field]: null })).toEqual(fault('missing_field', field, eventId));
  });

  test('more may be required', () => {
    const strict: EventFormat = {
      ...FORMAT,
      requiredFields: [...ALWAYS_REQUIRED, 'placement', 'costMicros'],
    };
    expect(readWith({ costMicros: 0 }, strict)).toEqual(fault('missing_field', 'placement'));
    expect(readWith({ placement: 'p', costMicros: null }, strict)).toEqual(
      fault('missing_field', 'costMicros'),
    );
    expect(readWith({ placement: 'p', costMicros: 0 }, strict).ok).toBe(true);
  });

  test('is not taken from a prototype', () => {
    const text = '{"__proto__":{"adId":"a"},"constructor":{"prototype":{"adId":"a"}}}';
    expect(read(text)).toEqual(fault('missing_field', 'eventId', null));
    expect(({} as Record<string, unknown>)['adId']).toBeUndefined();
  });

  test.each([
    ['eventType', '"Click"', 'bad_value'],
    ['eventType', '1', 'bad_type'],
    ['eventTime', '"yesterday"', 'bad_time'],
    ['eventTime', '1e400', 'bad_time'],
    ['adId', '7', 'bad_type'],
    ['adId', '""', 'empty_field'],
    ['adId', '{}', 'bad_type'],
    ['campaignId', String.raw`"a\u0000b"`, 'bad_character'],
    ['campaignId', '"\u007f"', 'bad_character'],
    ['advertiserId', String.raw`"\ud800"`, 'bad_character'],
    ['advertiserId', String.raw`"\udc00\ud800"`, 'bad_character'],
    ['merchantId', 'false', 'bad_type'],
    ['placement', '""', 'empty_field'],
    ['costMicros', '-1', 'out_of_range'],
    ['costMicros', '9007199254740993', 'out_of_range'],
    ['costMicros', '1e400', 'out_of_range'],
    ['costMicros', '-5e-324', 'out_of_range'],
    ['costMicros', '0.5', 'bad_type'],
    ['costMicros', '"12"', 'bad_type'],
    ['currency', '"eur"', 'bad_currency'],
    ['currency', '"EURO"', 'bad_currency'],
    ['currency', '978', 'bad_type'],
  ])('%s %s is %s', (field, json, code) => {
    expect(readRaw(field, json)).toEqual(fault(code, field));
  });

  test('is the first one in the order of the fields', () => {
    expect(readWith({ currency: 'eur', adId: '', userId: 7 })).toEqual(fault('empty_field', 'adId'));
  });
});

test('every fault has a sentence of its own that names the field', () => {
  const sentences = INVALID_CODES.map((code) => describeInvalid(code, 'adId'));
  expect(new Set(sentences).size).toBe(INVALID_CODES.length);
  for (const field of EVENT_FIELDS)
    expect(describeInvalid('missing_field', field)).toBe(`${field} is missing.`);
});

test('an event of more than 64 KiB is not even parsed', () => {
  const keys = Array.from({ length: 50_000 }, (_, index) => `"k${index}":0`).join(',');
  expect(read(`{${keys}}`)).toEqual(fault('too_large', null, null));
  expect(readWith({ adId: 'x'.repeat(5_000_000) })).toEqual(fault('too_large', null, null));
  expect(readWith({ x: '\\"'.repeat(1_000_000) })).toEqual(fault('too_large', null, null));
  expect(readWith({ x: '\\"'.repeat(10_000) }).ok).toBe(true);
});
