import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ORDER_FIELDS,
  REQUIRED_ORDER_FIELDS,
  describeInvalidOrder,
  parseOrder,
} from '../../src/model/order.ts';
import { INVALID_CODES } from '../../src/model/verdict.ts';

const FORMAT = { defaultCurrency: 'EUR' };
const ORDER = {
  orderId: 'o-1',
  orderTime: 1_769_860_800_000,
  userId: 'u-1',
  merchantId: 'm-1',
  amountMicros: 12_340_000,
};

const encoder = new TextEncoder();

function read(text: string): ReturnType<typeof parseOrder> {
  return parseOrder(encoder.encode(text), FORMAT);
}

function readWith(fields: Record<string, unknown>): ReturnType<typeof parseOrder> {
  return read(JSON.stringify({ ...ORDER, ...fields }));
}

/** The order with one field written as given, whatever JSON.stringify would make of it. */
function readRaw(field: string, json: string): ReturnType<typeof parseOrder> {
  return read(JSON.stringify({ ...ORDER, [field]: '@' }).replace('"@"', json));
}

const fault = (code: string, field: string | null, orderId: string | null = 'o-1'): unknown => ({
  ok: false,
  problem: { code, field, orderId },
});

describe('a valid order', () => {
  test('gets its defaults', () => {
    const order = { ...ORDER, orderVersion: 1, orderStatus: 'placed', currency: 'EUR' };
    expect(readWith({})).toEqual({ ok: true, order });
    expect(readWith({ orderVersion: null, orderStatus: null, currency: null })).toEqual(readWith({}));
  });

  test('keeps what it says', () => {
    const more = {
      orderVersion: 2 ** 53 - 1,
      orderStatus: 'refunded',
      amountMicros: 2 ** 53 - 1,
      currency: 'USD',
    };
    expect(readWith(more)).toEqual({ ok: true, order: { ...ORDER, ...more } });
    expect(readWith({ orderStatus: 'cancelled' })).toMatchObject({ order: { orderStatus: 'cancelled' } });
    expect(readWith({ orderTime: '2026-01-31T13:00:00+01:00' })).toEqual(readWith({}));
  });

  test('may hold other fields, with any value and any number of times', () => {
    const other =
      '"items":[{"orderId":1}],"items":{"userId":1,"userId":2},"__proto__":{"userId":"no"},"":{},';
    expect(read(JSON.stringify(ORDER).replace('{', `{${other}`))).toEqual(readWith({}));
  });

  test.each(['1e3', '1000.0', '10E+2'])('may write a whole number as %s', (json) => {
    expect(readRaw('amountMicros', json)).toEqual(readWith({ amountMicros: 1000 }));
    expect(readRaw('orderVersion', json)).toEqual(readWith({ orderVersion: 1000 }));
  });

  test('has no minus before 0', () => {
    const reading = readRaw('amountMicros', '-0');
    expect(reading.ok && Object.is(reading.order.amountMicros, 0)).toBe(true);
  });

  test('has identifiers of up to 128 code points', () => {
    expect(readWith({ merchantId: '😀'.repeat(128) }).ok).toBe(true);
    expect(readWith({ merchantId: '😀'.repeat(129) })).toEqual(fault('too_long', 'merchantId'));
    expect(readWith({ orderId: 'x'.repeat(129) })).toEqual(fault('too_long', 'orderId', null));
  });
});

describe('what is no order at all', () => {
  test.each([
    ['', 'malformed_json'],
    ['{', 'malformed_json'],
    ['\ufeff{}', 'malformed_json'],
    ['['.repeat(60_000), 'malformed_json'],
    ['['.repeat(70_000), 'too_large'],
    ['[]', 'not_an_object'],
    ['null', 'not_an_object'],
    ['7', 'not_an_object'],
  ])('%#', (text, code) => {
    expect(read(text)).toEqual(fault(code, null, null));
  });

  test('bytes that are not UTF-8', () => {
    expect(parseOrder(Uint8Array.of(0x7b, 0x22, 0xc3, 0x22, 0x7d), FORMAT)).toEqual(
      fault('bad_utf8', null, null),
    );
  });

  test('more than 64 KiB, to the byte', () => {
    const spare = 65_536 - JSON.stringify({ ...ORDER, items: '' }).length;
    expect(readWith({ items: 'x'.repeat(spare) }).ok).toBe(true);
    expect(readWith({ items: 'x'.repeat(spare + 1) })).toEqual(fault('too_large', null, null));
  });
});

describe('a known field given twice', () => {
  const text = JSON.stringify(ORDER);

  test.each([
    ['at the end', text.replace('}', ',"amountMicros":12340000}'), 'amountMicros'],
    ['with an escape', text.replace('}', String.raw`,"user\u0049d":"x"}`), 'userId'],
    [
      'the longest one, all of it escapes',
      text.replace('}', `,"${escaped('amountMicros')}":1}`),
      'amountMicros',
    ],
    ['behind nested values', text.replace('}', ',"items":[{"userId":"]"}],"userId":"u"}'), 'userId'],
    ['an optional one', text.replace('}', ',"currency":null,"currency":"EUR"}'), 'currency'],
  ])('is refused: %s', (_, twice, field) => {
    expect(read(twice)).toEqual(fault('duplicate_key', field));
  });

  test('is none deeper down, in a value, or when it is a field of events', () => {
    const members =
      '"items":{"userId":1,"userId":2},"x":"\\"userId\\":","adId":1,"adId":2,"costMicros":1,"costMicros":2';
    expect(read(text.replace('{', `{${members},`)).ok).toBe(true);
  });
});

describe('a field at fault', () => {
  test.each(REQUIRED_ORDER_FIELDS)('%s is required', (field) => {
    const orderId = field === 'orderId' ? null : 'o-1';
    expect(readWith({ [field]: undefined })).toEqual(fault('missing_field', field, orderId));
    expect(readWith({ [field]: null })).toEqual(fault('missing_field', field, orderId));
  });

  test.each([
    ['orderId', '7', 'bad_type', null],
    ['orderId', String.raw`"\ud800"`, 'bad_character', null],
    ['orderVersion', '0', 'out_of_range'],
    ['orderVersion', '-0', 'out_of_range'],
    ['orderVersion', '-1', 'out_of_range'],
    ['orderVersion', '1.5', 'bad_type'],
    ['orderVersion', '"1"', 'bad_type'],
    ['orderVersion', '9007199254740992', 'out_of_range'],
    ['orderVersion', '1e400', 'out_of_range'],
    ['orderStatus', '"Placed"', 'bad_value'],
    ['orderStatus', '""', 'bad_value'],
    ['orderStatus', '"constructor"', 'bad_value'],
    ['orderStatus', '["placed"]', 'bad_type'],
    ['orderTime', '"yesterday"', 'bad_time'],
    ['orderTime', '-1', 'bad_time'],
    ['orderTime', '253402300800000', 'bad_time'],
    ['userId', '""', 'empty_field'],
    ['userId', '{}', 'bad_type'],
    ['merchantId', String.raw`"a\u0000b"`, 'bad_character'],
    ['merchantId', 'false', 'bad_type'],
    ['amountMicros', '-1', 'out_of_range'],
    ['amountMicros', '-5e-324', 'out_of_range'],
    ['amountMicros', '9007199254740993', 'out_of_range'],
    ['amountMicros', '0.5', 'bad_type'],
    ['amountMicros', '"12"', 'bad_type'],
    ['currency', '"eur"', 'bad_currency'],
    ['currency', '978', 'bad_type'],
  ])('%s %s is %s', (field, json, code, orderId: string | null = 'o-1') => {
    expect(readRaw(field, json)).toEqual(fault(code, field, orderId));
  });

  test('is the first one in the order of the fields', () => {
    expect(readWith({ currency: 'eur', userId: '', amountMicros: -1 })).toEqual(
      fault('empty_field', 'userId'),
    );
  });

  test('is not taken from a prototype', () => {
    const text = '{"__proto__":{"orderId":"o"},"constructor":{"prototype":{"orderId":"o"}}}';
    expect(read(text)).toEqual(fault('missing_field', 'orderId', null));
  });
});

test('every fault has a sentence of its own that speaks of orders', () => {
  const sentences = INVALID_CODES.map((code) => describeInvalidOrder(code, 'merchantId'));
  expect(new Set(sentences).size).toBe(INVALID_CODES.length);
  expect(sentences.join(' ')).not.toMatch(/event|cost/);
  for (const field of ORDER_FIELDS)
    expect(describeInvalidOrder('missing_field', field)).toBe(`${field} is missing.`);
  expect(describeInvalidOrder('out_of_range', 'orderVersion')).toBe(
    'orderVersion must be from 1 to 9007199254740991.',
  );
});

test('nothing that comes in makes it throw, or changes what all objects have', () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const odd = fc.oneof(fc.json(), fc.jsonValue(), fc.constantFrom(-0, 2 ** 53, '\ud800', '__proto__'));
  const name = fc.constantFrom(...ORDER_FIELDS, '__proto__', 'constructor', 'items');
  const text = fc.oneof(
    fc.json(),
    fc.dictionary(name, odd).map((changes) => JSON.stringify({ ...ORDER, ...changes })),
  );
  const bytes = fc
    .tuple(text, fc.nat(), fc.nat({ max: 255 }), fc.boolean())
    .map(([json, at, byte, isDamaged]) => {
      const whole = encoder.encode(json);
      return isDamaged ? whole.with(at % whole.length, byte) : whole;
    });
  fc.assert(
    fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 64 })), (input) => {
      const reading = parseOrder(input, FORMAT);
      const isWellRead = reading.ok
        ? Object.keys(reading.order).join() === ORDER_FIELDS.join() &&
          Number.isSafeInteger(reading.order.amountMicros)
        : INVALID_CODES.includes(reading.problem.code);
      expect({ reading, isWellRead }).toEqual({ reading, isWellRead: true });
    }),
    { numRuns: 3000 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
});

function escaped(name: string): string {
  return Array.from(name, (char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');
}
