import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as row from '../../../src/embedded/scan/event-batch.ts';
import { EventBatch } from '../../../src/embedded/scan/event-batch.ts';
import { EventParser } from '../../../src/embedded/scan/event-parser.ts';
import { EventScanner } from '../../../src/embedded/scan/event-scanner.ts';
import { EventSplitter, countEvents } from '../../../src/model/request/event-splitter.ts';
import { Fingerprint } from '../../../src/embedded/scan/fingerprint.ts';
import {
  ALWAYS_REQUIRED,
  EVENT_BYTES_MAX,
  EVENT_FIELDS,
  type EventFormat,
  parseAdEvent,
} from '../../../src/model/ad-event.ts';
import { INVALID_CODES } from '../../../src/model/verdict.ts';
import {
  ODD_COSTS,
  ODD_CURRENCIES,
  ODD_IDS,
  ODD_OTHERS,
  ODD_TEXTS,
  ODD_TIMES,
  ODD_TYPES,
} from './odd-values.ts';
import { body, type Body, simpleEventText } from './event-text.ts';

const FORMAT: EventFormat = { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' };
const STRICT: EventFormat = {
  requiredFields: [...ALWAYS_REQUIRED, 'merchantId', 'costMicros', 'currency'],
  defaultCurrency: 'USD',
};
const SEED = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const RUNS = 4000;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const EVENT = {
  eventId: '0195f3a0-0000-7000-8000-00000000abcd',
  eventType: 'click',
  eventTime: 1_780_000_000_000,
  adId: 'ad-1',
  campaignId: 'campaign-2',
  advertiserId: 'advertiser-3',
  userId: 'user-4',
  merchantId: 'merchant-5',
  placement: 'search',
  costMicros: 1200,
  currency: 'EUR',
};

const ODD_VALUES: Record<string, readonly string[]> = {
  eventId: ODD_IDS,
  eventType: ODD_TYPES,
  eventTime: ODD_TIMES,
  adId: ODD_TEXTS,
  merchantId: ODD_TEXTS,
  costMicros: ODD_COSTS,
  currency: ODD_CURRENCIES,
  device: ODD_OTHERS,
};

/** Makes a body too long to be copied: two long lines, one read simply, one not. */
const LONG_HEAD = encoder.encode(`{"x":"${'y'.repeat(9000)}"}\n{"x":["${'y'.repeat(9000)}"]}\n`);
const NO_BYTES = new Uint8Array(0);

/** Everything a row says, with positions replaced by the text they point to. */
function readRow(batch: EventBatch, index: number, bytes: Uint8Array): Record<string, unknown> {
  const words = batch.words.subarray(index * row.ROW_WORDS, (index + 1) * row.ROW_WORDS);
  const doubles = batch.doubles.subarray(index * row.ROW_DOUBLES, (index + 1) * row.ROW_DOUBLES);
  const place = {
    fault: words[row.FAULT],
    field: words[row.FAULT_FIELD],
    start: words[row.START],
    end: words[row.END],
  };
  if (words[row.FAULT] !== 0) return place;
  const source = words[row.IN_TEXT] === 1 ? batch.text : bytes;
  const text = (at: number): string => decoder.decode(source.subarray(words[at], words[at + 1]));
  return {
    ...place,
    id: [...words.subarray(row.ID, row.ID + 4)],
    content: words[row.CONTENT],
    isClick: words[row.IS_CLICK],
    currency: words[row.CURRENCY],
    ad: text(row.AD_START),
    campaign: text(row.CAMPAIGN_START),
    advertiser: text(row.ADVERTISER_START),
    user: text(row.USER_START),
    userHash: words[row.USER_HASH],
    merchant: [words[row.MERCHANT_START] > 0, text(row.MERCHANT_START)],
    eventId: text(row.ID_START),
    time: doubles[row.TIME_DOUBLE],
    cost: doubles[row.COST_DOUBLE],
    dimensionHash: words[row.DIMENSION_HASH],
  };
}

/** Rows of the scanner, taken in batches of `capacity`. */
function scanRows(input: Body, eventFormat = FORMAT, capacity = 64): Record<string, unknown>[] {
  return scanWith(new EventScanner(eventFormat, SEED), input, capacity);
}

function scanWith(scanner: EventScanner, { bytes, format }: Body, capacity = 64): Record<string, unknown>[] {
  const batch = new EventBatch(capacity);
  const rows: Record<string, unknown>[] = [];
  let at = 0;
  do {
    batch.clear();
    at = scanner.scan(bytes, format, at, batch);
    for (let index = 0; index < batch.count; index++) rows.push(readRow(batch, index, bytes));
  } while (at < bytes.length);
  return rows;
}

/** Rows of the deciding way alone. */
function parseRows({ bytes, format }: Body, eventFormat = FORMAT): Record<string, unknown>[] {
  const parser = new EventParser(eventFormat, new Fingerprint(SEED));
  const splitter = new EventSplitter();
  const rows: Record<string, unknown>[] = [];
  const batch = new EventBatch(1);
  do {
    if (!splitter.find(bytes, format, splitter.next)) break;
    batch.clear();
    parser.addRow(bytes, splitter.start, splitter.end, batch);
    rows.push(readRow(batch, 0, bytes));
  } while (splitter.next < bytes.length);
  return rows;
}

function lines(...texts: string[]): Body {
  return { bytes: encoder.encode(texts.join('\n')), format: 'ndjson' };
}

describe('the scanner and the parser agree', () => {
  test('on any body, row by row', () => {
    fc.assert(
      fc.property(body, (input) => {
        expect(scanRows(input)).toEqual(parseRows(input));
      }),
      { numRuns: RUNS },
    );
  });

  test('on any body, with more fields required', () => {
    fc.assert(
      fc.property(body, (input) => {
        expect(scanRows(input, STRICT)).toEqual(parseRows(input, STRICT));
      }),
      { numRuns: RUNS / 4 },
    );
  });

  test('on bodies that stand within a larger buffer, at its end or not', () => {
    fc.assert(
      fc.property(body, fc.nat(20), fc.nat(40), fc.boolean(), (input, before, after, isLong) => {
        const head = isLong && input.format === 'ndjson' ? LONG_HEAD : NO_BYTES;
        const bytes = Buffer.concat([head, input.bytes]);
        const around = new Uint8Array(before + bytes.length + after).fill(0x22);
        around.set(bytes, before);
        const within = around.subarray(before, before + bytes.length);
        expect(scanRows({ ...input, bytes: within })).toEqual(parseRows({ ...input, bytes }));
      }),
      { numRuns: RUNS / 4 },
    );
  });

  test.each(Object.entries(ODD_VALUES))('on every odd value of %s, wherever it stands', (name, values) => {
    for (const value of values) {
      const fields = Object.entries({ ...EVENT, [name]: '@' });
      for (let turn = 0; turn < fields.length; turn++) {
        fields.push(fields.shift()!);
        const text = JSON.stringify(Object.fromEntries(fields)).replace('"@"', value);
        const input = lines(
          JSON.stringify(EVENT),
          text,
          text.replaceAll(',', ' , '),
          text.replaceAll(':', ': '),
        );
        expect(scanRows(input)).toEqual(parseRows(input));
        const single: Body = { bytes: encoder.encode(text), format: 'json' };
        expect(scanRows(single)).toEqual(parseRows(single));
      }
    }
  });

  test.each(Object.entries(EVENT))('on %s given twice, as null or with a value', (name, value) => {
    const json = JSON.stringify(value);
    const [front, behind] = [`{"${name}":`, `,"${name}":`];
    const rest = JSON.stringify({ ...EVENT, [name]: undefined }).slice(1, -1);
    for (const first of [json, 'null', ' null']) {
      for (const second of [json, 'null', ' null']) {
        const input = lines(`${front}${first},${rest}${behind}${second}}`);
        expect(scanRows(input)).toEqual(parseRows(input));
      }
    }
  });

  test('on whatever stands between two events', () => {
    const event = JSON.stringify(EVENT);
    for (const between of [
      '\n',
      '\r\n',
      '\r',
      '\r\r\n',
      '\r \n',
      ' \n',
      '\rx',
      ',',
      ' ,\n',
      '',
      '}',
      ']',
      ';',
      '\0',
    ]) {
      for (const format of ['ndjson', 'json'] as const) {
        for (const text of [event + between + event + between, `[${event}${between}${event}]`]) {
          const input: Body = { bytes: encoder.encode(text), format };
          expect(scanRows(input)).toEqual(parseRows(input));
        }
      }
    }
  });

  test('on null for a required field', () => {
    for (const name of EVENT_FIELDS) {
      const input = lines(JSON.stringify({ ...EVENT, [name]: null }));
      expect(scanRows(input, STRICT)).toEqual(parseRows(input, STRICT));
    }
  });

  test('on every prefix of a body, whatever the scanner has read before', () => {
    const scanner = new EventScanner(FORMAT, SEED);
    const event = JSON.stringify({ ...EVENT, eventTime: '2026-01-31T12:00:00Z' });
    const texts = { ndjson: `${event}\r\n${event}\n`, json: `[${event}, ${event}]`, single: ` ${event} ` };
    for (const [name, text] of Object.entries(texts)) {
      const format = name === 'ndjson' ? name : 'json';
      const bytes = encoder.encode(text);
      for (let length = 0; length <= bytes.length; length++) {
        scanWith(scanner, { bytes, format });
        const prefix: Body = { bytes: bytes.slice(0, length), format };
        expect(scanWith(scanner, prefix)).toEqual(parseRows(prefix));
      }
    }
  });

  test('on times of days that differ in any place', () => {
    const scanner = new EventScanner(FORMAT, SEED);
    const days = [
      '2026-01-31',
      '2027-01-31',
      '2027-11-31',
      '2027-12-31',
      '2027-12-30',
      '2027-12-20',
      '1970-01-01',
    ];
    const times = [...days, ...days.toReversed()].map((day) => ({ ...EVENT, eventTime: `${day}T00:00:00Z` }));
    const input = lines(...times.map((event) => JSON.stringify(event)));
    expect(scanWith(scanner, input)).toEqual(parseRows(input));
  });
});

test('batches of any capacity give the same rows', () => {
  fc.assert(
    fc.property(body, fc.integer({ min: 1, max: 5 }), (input, capacity) => {
      expect(scanRows(input, FORMAT, capacity)).toEqual(scanRows(input));
    }),
    { numRuns: RUNS / 8 },
  );
});

test('as many rows as events are counted', () => {
  fc.assert(
    fc.property(body, fc.nat(8), (input, stopAfter) => {
      const count = scanRows(input).length;
      expect(countEvents(input.bytes, input.format, 1000)).toBe(count);
      expect(countEvents(input.bytes, input.format, stopAfter)).toBe(Math.min(count, stopAfter + 1));
    }),
    { numRuns: RUNS / 4 },
  );
});

test('rows say what parseAdEvent says', () => {
  fc.assert(
    fc.property(body, (input) => {
      const rows = scanRows(input);
      expect(rows.map(verdictOfRow)).toEqual(rows.map((found) => verdictOfParser(found, input.bytes)));
    }),
    { numRuns: RUNS / 4 },
  );
});

function verdictOfRow(found: Record<string, unknown>): unknown[] {
  const { fault, field, ad, campaign, advertiser, user, time, cost, isClick } = found as Record<
    string,
    number
  >;
  if (fault !== 0) return [INVALID_CODES[fault - 1], field === 0 ? null : EVENT_FIELDS[field - 1]];
  return [ad, campaign, advertiser, user, time, cost, isClick];
}

function verdictOfParser(found: Record<string, unknown>, bytes: Uint8Array): unknown[] {
  const { start, end } = found as Record<string, number>;
  const reading = parseAdEvent(bytes.subarray(start, end), FORMAT);
  if (!reading.ok) return [reading.problem.code, reading.problem.field];
  const { adId, campaignId, advertiserId, userId, eventTime, costMicros, eventType } = reading.event;
  return [adId, campaignId, advertiserId, userId, eventTime, costMicros, eventType === 'click' ? 1 : 0];
}

test('simple events are read without the parser', () => {
  fc.assert(
    fc.property(simpleEventText, (text) => {
      const batch = new EventBatch(1);
      new EventScanner(FORMAT, SEED).scan(encoder.encode(`${text}\n`), 'ndjson', 0, batch);
      expect(batch.words[row.FAULT]).toBe(0);
      expect(batch.words[row.IN_TEXT]).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('an event of more than 64 KiB is refused, whichever way it is read', () => {
  const tooLarge = INVALID_CODES.indexOf('too_large') + 1;
  // An escape takes it the slow way.
  for (const prefix of ['', '\\t']) {
    const fits = paddedEvent(EVENT_BYTES_MAX, prefix);
    const rows = scanRows(lines(fits, fits.replace('pad', 'pads'), JSON.stringify(EVENT)));
    expect(rows.map(({ fault }) => fault)).toEqual([0, tooLarge, 0]);
  }
});

function paddedEvent(bytes: number, prefix: string): string {
  const text = JSON.stringify({ ...EVENT, pad: '' });
  return text.replace('"pad":"', `"pad":"${prefix}${'x'.repeat(bytes - text.length - prefix.length)}`);
}

function rowOf(fields: Record<string, unknown>): Record<string, unknown> {
  return scanRows(lines(JSON.stringify(fields)))[0];
}

describe('id words', () => {
  test('a lower-case UUID is its own bits', () => {
    expect(rowOf(EVENT)['id']).toEqual([0x0195f3a0, 0x7000, 0x80000000 | 0, 0xabcd]);
  });

  test('any other id is a keyed hash, that of upper case another one', () => {
    const other = (rowOf({ ...EVENT, eventId: 'order-77' })['id'] as number[]).join(',');
    const upper = (rowOf({ ...EVENT, eventId: EVENT.eventId.toUpperCase() })['id'] as number[]).join(',');
    expect(new Set([other, upper, (rowOf(EVENT)['id'] as number[]).join(',')]).size).toBe(3);
    const batch = new EventBatch(1);
    const bytes = lines(JSON.stringify({ ...EVENT, eventId: 'order-77' })).bytes;
    new EventScanner(FORMAT, SEED.toReversed()).scan(bytes, 'ndjson', 0, batch);
    expect([...batch.words.subarray(0, 4)].join(',')).not.toBe(other);
  });
});

describe('the content fingerprint', () => {
  test('changes with every interpreted field but the id', () => {
    const others: Record<string, unknown> = {
      eventType: 'impression',
      eventTime: EVENT.eventTime + 1,
      adId: 'ad-2',
      campaignId: 'campaign-3',
      advertiserId: 'advertiser-33',
      userId: 'user-',
      merchantId: 'Merchant-5',
      placement: 'searcH',
      costMicros: 1201,
      currency: 'EUS',
    };
    const contents = Object.entries(others).map(
      ([name, value]) => rowOf({ ...EVENT, [name]: value })['content'],
    );
    expect(new Set([rowOf(EVENT)['content'], ...contents]).size).toBe(11);
    expect(rowOf({ ...EVENT, eventId: 'another' })['content']).toBe(rowOf(EVENT)['content']);
  });

  test('knows swapped values and absent fields, not the order of fields or fields of the publisher', () => {
    const content = rowOf(EVENT)['content'];
    expect(rowOf({ ...EVENT, adId: EVENT.userId, userId: EVENT.adId })['content']).not.toBe(content);
    expect(rowOf({ ...EVENT, merchantId: EVENT.placement, placement: EVENT.merchantId })['content']).not.toBe(
      content,
    );
    expect(rowOf({ ...EVENT, merchantId: null })['content']).not.toBe(content);
    expect(rowOf(Object.fromEntries(Object.entries(EVENT).toReversed()))['content']).toBe(content);
    expect(rowOf({ device: 'ios', ...EVENT, version: 3 })['content']).toBe(content);
  });

  test('takes a default as the value it stands for', () => {
    const bare = Object.fromEntries(
      Object.entries(EVENT).filter(([name]) => name !== 'currency' && name !== 'costMicros'),
    );
    expect(rowOf(bare)['content']).toBe(rowOf({ ...EVENT, costMicros: 0 })['content']);
    expect(rowOf({ ...bare, eventTime: new Date(EVENT.eventTime).toISOString() })['content']).toBe(
      rowOf(bare)['content'],
    );
  });

  test('spreads: no collision among similar events', () => {
    const batch = new EventBatch(4096);
    const texts = Array.from({ length: 4096 }, (_, index) =>
      JSON.stringify({ ...EVENT, adId: `ad-${index % 64}`, userId: `user-${index >> 6}` }),
    );
    new EventScanner(FORMAT, SEED).scan(lines(...texts).bytes, 'ndjson', 0, batch);
    const word = (index: number, offset: number): number => batch.words[index * row.ROW_WORDS + offset];
    const indexes = [...texts.keys()];
    expect(new Set(indexes.map((index) => word(index, row.CONTENT))).size).toBe(4096);
    expect(new Set(indexes.map((index) => word(index, row.DIMENSION_HASH))).size).toBe(64);
    // Low bits choose slots of tables: 64 dimensions in 256 slots leave most of them alone.
    expect(new Set(indexes.map((index) => word(index, row.DIMENSION_HASH) & 255)).size).toBeGreaterThan(45);
  });
});

test('hostile bodies leave Object.prototype as it was', () => {
  const before = Reflect.ownKeys(Object.prototype);
  const rows = scanRows(
    lines(
      '{"__proto__":{"adId":"x"},"constructor":{"prototype":{"polluted":1}}}',
      JSON.stringify(EVENT).replace('{', '{"__proto__":{"polluted":1},'),
      '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
      '['.repeat(60_000),
    ),
  );
  expect(rows.map((found) => INVALID_CODES[(found['fault'] as number) - 1] ?? 'valid')).toEqual([
    'missing_field',
    'valid',
    'missing_field',
    'malformed_json',
  ]);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
