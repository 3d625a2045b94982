import { describe, expect, it } from 'vitest';
import { AdtallyError, type ErrorCode } from '../../../src/base/errors.ts';
import { compileMapper, type MappedEvent } from '../../../src/cli/import/event-mapper.ts';
import { parseAssignment, parseMapping, PLAIN_MAPPING, withFields } from '../../../src/cli/import/mapping.ts';
import { compileTemplate } from '../../../src/cli/import/template.ts';
import { readAmountMicros, readMicros, readTime } from '../../../src/cli/import/wire-values.ts';

function failure(action: () => unknown): { code: ErrorCode; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof AdtallyError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('It did not fail.');
}

function mapping(json: object): ReturnType<typeof parseMapping> {
  return parseMapping(JSON.stringify(json), 'test.mapping.json');
}

describe('compileTemplate', () => {
  const columns = ['item', 'user feature', 'x'];

  it.each([
    ['plain', 'plain'],
    ['{item}', '7'],
    ['ad-{item}/{x}', 'ad-7/'],
    ['{user feature:3}…', 'äb😀…'],
    ['{item:99}', '7'],
    ['{{{item}}}', '{7}'],
    ['', ''],
  ])('%j gives %j', (text, expected) => {
    expect(compileTemplate(text, columns, 'adId')(['7', 'äb😀d', ''])).toBe(expected);
  });

  it('names an unknown column and the one that was meant', () => {
    expect(failure(() => compileTemplate('{itm}', columns, 'adId')).message).toBe(
      'adId uses the column "itm", but the file has item, user feature, x. Did you mean "item"?',
    );
    expect(failure(() => compileTemplate('a{b', columns, 'adId')).message).toContain('write "{{"');
  });
});

describe('values', () => {
  it.each([
    ['2019-11-24 00:00:17.004101+00:00', 'rfc3339', undefined, Date.UTC(2019, 10, 24, 0, 0, 17, 4)],
    ['2019-11-24T01:00:00+01:00', 'rfc3339', undefined, Date.UTC(2019, 10, 24)],
    ['2019-11-24 01:00:00', 'rfc3339', '+01:00', Date.UTC(2019, 10, 24)],
    ['2019-11-24 01:00:00', 'rfc3339', undefined, undefined],
    ['2019-11-24', 'rfc3339', 'Z', undefined],
    ['1574553600', 'unix-s', undefined, Date.UTC(2019, 10, 24)],
    ['1574553600.5', 'unix-s', undefined, Date.UTC(2019, 10, 24) + 500],
    ['1574553600000', 'unix-ms', undefined, Date.UTC(2019, 10, 24)],
    ['1574553600000999', 'unix-us', undefined, Date.UTC(2019, 10, 24)],
    ['-5', 'unix-s', undefined, undefined],
    ['', 'unix-ms', undefined, undefined],
    ['1e9', 'unix-s', undefined, undefined],
  ] as const)('reads the time %j as %s with offset %j', (text, format, offset, expected) => {
    expect(readTime(text, format, offset)).toBe(expected);
  });

  it.each([
    ['0.25', 250_000],
    ['30', 30_000_000],
    ['0.1000000', 100_000],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER],
    ['9007199254.740992', undefined],
    ['0.0000001', undefined],
    ['-1', undefined],
    ['1,5', undefined],
    ['', undefined],
  ])('reads the amount %j as %j micros', (text, micros) => {
    expect(readAmountMicros(text)).toBe(micros);
  });

  it('reads whole micros only', () => {
    expect(['12', ' 12 ', '1.5', '-1', '9007199254740992'].map(readMicros)).toEqual([
      12,
      12,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('compileMapper', () => {
  const columns = ['ts', 'ad', 'price', 'clicked'];
  const both = mapping({
    fileName: '^(?<day>[a-z]+)\\.csv$',
    time: { format: 'unix-s' },
    fields: {
      eventTime: '{ts}',
      adId: 'ad-{ad}',
      campaignId: '{day}-{file}-{row}',
      advertiserId: 'acme',
      userId: 'u',
      cost: '{price}',
    },
    events: [
      { fields: { eventType: 'impression' } },
      { when: { clicked: 'yes' }, fields: { eventType: 'click', cost: '' } },
    ],
  });

  function ids(source: string, row: number): unknown[] {
    const mapper = compileMapper(both, columns, 'monday.csv', source);
    return mapper(['5', '1', '0.5', 'yes'], row).map((event) => event.eventId);
  }

  it('makes an impression, and a click where the row has one', () => {
    const mapper = compileMapper(both, columns, 'monday.csv', 'monday.csv');
    const [impression, click, ...more] = mapper(['5', '1', '0.5', 'yes'], 3);
    expect(more).toEqual([]);
    expect(impression).toMatchObject({ eventType: 'impression', eventTime: 5000, costMicros: 500_000 });
    expect(impression.campaignId).toBe('monday-monday.csv-3');
    expect(click).toMatchObject({ eventType: 'click', adId: 'ad-1' });
    expect(click).not.toHaveProperty('costMicros');
    expect(mapper(['5', '1', '0.5', 'no'], 4)).toHaveLength(1);
  });

  it('gives ids that follow from source, row and event alone', () => {
    expect(ids('a', 1)).toEqual(ids('a', 1));
    expect(new Set([...ids('a', 1), ...ids('a', 2), ...ids('b', 1)]).size).toBe(6);
    expect(ids('a', 1)[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('takes a field from the column of its name', () => {
    const own = [
      'eventId',
      'eventType',
      'eventTime',
      'adId',
      'campaignId',
      'advertiserId',
      'userId',
      'costMicros',
    ];
    const mapper = compileMapper(PLAIN_MAPPING, own, 'f.csv', 'f.csv');
    const expected: MappedEvent = {
      eventId: 'e',
      eventType: 'click',
      eventTime: 0,
      adId: 'x',
      campaignId: 'c',
      advertiserId: 'a',
      costMicros: 7,
    };
    // An empty field is left out: the region says what is missing.
    expect(mapper(['e', 'click', '1970-01-01T00:00:00Z', 'x', 'c', 'a', '', '7'], 1)).toEqual([expected]);
  });

  it('lays single fields over the mapping', () => {
    const over = withFields(both, Object.fromEntries([parseAssignment('adId={day}={ad}')]));
    expect(compileMapper(over, columns, 'tuesday.csv', 's')(['5', '9', '0', 'no'], 1)[0].adId).toBe(
      'tuesday=9',
    );
  });

  it('names the row and value of a time or amount that is none', () => {
    const mapper = compileMapper(both, columns, 'monday.csv', 's');
    expect(failure(() => mapper(['soon', '1', '0', 'no'], 12))).toEqual({
      code: 'import_failed',
      message: 'Row 12 of monday.csv: eventTime is "soon", which is not unix-s.',
    });
    expect(failure(() => mapper(['5', '1', '-2', 'no'], 13)).message).toContain('cost is "-2"');
  });

  it('refuses a file whose name does not match, and a mapping that leaves out what every event needs', () => {
    expect(failure(() => compileMapper(both, columns, 'Monday.csv', 's')).message).toContain(
      'does not match',
    );
    expect(failure(() => compileMapper(PLAIN_MAPPING, columns, 'f.csv', 's')).message).toContain(
      'Nothing gives eventType, eventTime, adId, campaignId, advertiserId, userId: say --column eventType=COLUMN',
    );
  });
});

describe('parseMapping', () => {
  it.each([
    [{ colour: 1 }, '"colour" is unknown; known are about, format'],
    [{ fields: { adID: 'x' } }, 'fields'],
    [{ events: [] }, 'events'],
    [{ time: { format: 'epoch' } }, 'time.format'],
    [{ time: { offset: '1h' } }, 'must be "Z" or an offset such as "+01:00"'],
    [{ events: [{ fields: {}, if: {} }] }, '"if" is unknown'],
  ])('refuses %j', (json, part) => {
    expect(failure(() => mapping(json))).toMatchObject({
      code: 'import_failed',
      message: expect.stringContaining(part) as string,
    });
  });

  it('refuses text that is no JSON, and assignments to no field', () => {
    expect(failure(() => parseMapping('{', 'x.json')).message).toMatch(/^x\.json is not JSON/);
    expect(failure(() => parseAssignment('adID=x')).message).toContain('Did you mean "adId"?');
    expect(failure(() => parseAssignment('adId')).code).toBe('usage');
  });
});
