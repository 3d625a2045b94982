import * as fc from 'fast-check';

/**
 * Arbitrary events and bodies: mostly what publishers send, often a little wrong, sometimes hostile. Everything is JSON text
 * or bytes, never objects: what the scanner sees is how it is written.
 */

function charOf(chars: string): fc.Arbitrary<string> {
  return fc.constantFrom(...chars.split(''));
}

const HEX = '0123456789abcdef';

export const uuidText = fc
  .array(fc.nat(15), { minLength: 32, maxLength: 32 })
  .map((nibbles) => nibbles.map((nibble) => HEX[nibble]).join(''))
  .map((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));

const plainText = fc.string({
  unit: charOf('abcXYZ019-_.:/ {}[],'),
  minLength: 1,
  maxLength: 24,
});

/** Text values of a field as JSON text: plain, escaped, too long, empty, broken. */
const identifier = fc.oneof(
  { weight: 12, arbitrary: plainText.map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.integer({ min: 124, max: 132 }).map((length) => `"${'x'.repeat(length)}"`) },
  { weight: 1, arbitrary: fc.integer({ min: 126, max: 130 }).map((length) => `"${'😀'.repeat(length)}"`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '""',
      '"a\\u0062c"',
      '"\\""',
      '"\\\\"',
      '"\\/"',
      '"\\n"',
      '"\\u0000"',
      '"\\ud83d\\ude00"',
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '"\u007f"',
      '"\u0080"',
      '"ä"',
      '"\ufeff"',
      '"a\u0000b"',
      '"tab\tin"',
      '"\\x"',
      '"unclosed',
      'null',
      'true',
      '7',
      '{}',
      '["a"]',
      `"${'y'.repeat(3000)}"`,
    ),
  },
);

const eventId = fc.oneof(
  { weight: 10, arbitrary: uuidText.map((text) => `"${text}"`) },
  { weight: 1, arbitrary: uuidText.map((text) => `"${text.toUpperCase()}"`) },
  { weight: 1, arbitrary: fc.tuple(uuidText, fc.nat(35), charOf('gG-/:@`{ 0f')).map(respell) },
  { weight: 3, arbitrary: identifier },
);

function respell([text, at, char]: [string, number, string]): string {
  return JSON.stringify(text.slice(0, at) + char + text.slice(at + 1));
}

const eventType = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('"impression"', '"click"') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"Click"',
      '"clicks"',
      '"impressio"',
      '"clic"',
      '"impressions"',
      '"cl\\u0069ck"',
      'null',
      '1',
    ),
  },
);

const timeText = fc
  .integer({ min: -86_400_000, max: 4_102_444_800_000 })
  .map((time) => new Date(time).toISOString());

const eventTime = fc.oneof(
  { weight: 4, arbitrary: timeText.map((text) => `"${text}"`) },
  { weight: 3, arbitrary: timeText.map((text) => `"${text.slice(0, 19)}Z"`) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 253_402_300_799_999 + 5 }).map(String) },
  {
    weight: 2,
    arbitrary: fc.tuple(timeText, fc.nat(23), charOf('0123456789-:TZtz.+ "')).map(respell),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '"1970-01-01T00:00:00Z"',
      '"1969-12-31T23:59:59.999Z"',
      '"9999-12-31T23:59:59.999Z"',
      '"9999-12-31T23:59:59.999-01:00"',
      '"2016-12-31T23:59:60Z"',
      '"2024-02-29T00:00:00Z"',
      '"2023-02-29T00:00:00Z"',
      '"2100-02-29T00:00:00.000Z"',
      '"2000-02-29T24:00:00Z"',
      '"2026-13-01T00:00:00Z"',
      '"2026-00-10T00:00:00Z"',
      '"2026-01-00T00:00:00Z"',
      '"2026-01-31T12:00:00+02:00"',
      '"2026-01-31t12:00:00z"',
      '"2026-01-31 12:00:00Z"',
      '"2026-01-31T12:00:00"',
      '"2026-01-31T12:00:00.1Z"',
      '"2026-01-31T12:00:00.123456789Z"',
      '"\\u0032026-01-31T12:00:00Z"',
      '"\0\0\0\0\0\0\0\0\0\0T12:00:00Z"',
      '1780000000',
      '1780000000000.0',
      '1.78e12',
      '1780000000000.5',
      '-1',
      '-0',
      '0',
      '00',
      '01780000000000',
      '253402300799999',
      '253402300800000',
      '9007199254740993',
      '1e400',
      '""',
      'null',
      'false',
    ),
  },
);

const costMicros = fc.oneof(
  { weight: 6, arbitrary: fc.nat(1_000_000).map(String) },
  { weight: 2, arbitrary: fc.maxSafeNat().map(String) },
  { weight: 1, arbitrary: fc.double().map((value) => JSON.stringify(value)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '0',
      '-0',
      '-0.0',
      '-1',
      '-5e-324',
      '1.0',
      '1e3',
      '1E+2',
      '1.5',
      '00',
      '012',
      '0x10',
      '1_000',
      '+1',
      '.5',
      '1.',
      '1e',
      '999999999999999',
      '1000000000000000',
      '9007199254740991',
      '9007199254740992',
      '9007199254740993',
      '99999999999999999999',
      '1e400',
      '-1e400',
      '"12"',
      'null',
      'true',
      '[1]',
      'NaN',
    ),
  },
);

const currency = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('"EUR"', '"USD"', '"JPY"', '"AZA"') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"eur"',
      '"EURO"',
      '"EU"',
      '""',
      '"@AB"',
      '"A[B"',
      '"ÄBC"',
      '"E\\u0055R"',
      '"E R"',
      'null',
      '978',
    ),
  },
);

/** Another field: what may stand there without being read. */
const otherValue = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('"ios"', '12', '-3', 'true', 'false', 'null', '0.25', '-1.5e-7', '""'),
  },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'tru',
      'nulll',
      'True',
      '01',
      '-',
      '1.e3',
      '"\\q"',
      '"a\\\\"',
      '"é"',
      '"\t"',
      '{"adId":"x"}',
      '',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2, 50, 10_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  },
);
const otherKey = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('device', 'os', 'x', '', 'adid', 'adId2', 'eventI', 'campaignIds', 'price'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '\\u0061dId',
      'ad\\u0049d',
      'ключ',
    ),
  },
);

const VALUES: Record<string, fc.Arbitrary<string>> = {
  eventId,
  eventType,
  eventTime,
  adId: identifier,
  campaignId: identifier,
  advertiserId: identifier,
  userId: identifier,
};
const OPTIONAL_VALUES: Record<string, fc.Arbitrary<string>> = {
  merchantId: identifier,
  placement: identifier,
  costMicros,
  currency,
};

const space = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant(' ') },
  { weight: 1, arbitrary: fc.constantFrom('\t', '\r', '\n', '  ', '\u00a0', '\f') },
);
/** Style of white space of a whole event: none, as Python writes it, or mixed. */
const spaces = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['', '', '', '']) },
  { weight: 2, arbitrary: fc.constant(['', ' ', ' ', '']) },
  { weight: 1, arbitrary: fc.array(space, { minLength: 4, maxLength: 4 }) },
);

interface Member {
  readonly key: string;
  readonly value: string;
}

const known = Object.entries(VALUES).map(([key, values]) =>
  values.map((value): Member[] => [{ key, value }]),
);
const optional = Object.entries(OPTIONAL_VALUES).map(([key, values]) =>
  fc
    .option(values, { freq: 3, nil: undefined })
    .map((value): Member[] => (value === undefined ? [] : [{ key, value }])),
);
const others = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Member[]>([]) },
  { weight: 1, arbitrary: fc.array(fc.record({ key: otherKey, value: otherValue }), { maxLength: 3 }) },
);

/** An event whose fields may each be wrong in their own way; most events have few faults or none. */
export const eventText = fc
  .tuple(
    fc.tuple(...known, ...optional, others).map((groups) => groups.flat()),
    fc.infiniteStream(fc.nat(1000)),
    spaces,
    fc.nat(30),
    fc.nat(30),
  )
  .map(([members, order, gaps, missing, doubled]) => {
    const list = members.filter((_, index) => index !== missing);
    if (doubled < list.length) list.push(list[doubled]);
    for (let last = list.length - 1; last > 0; last--) {
      const other = order.next().value % (last + 1);
      [list[last], list[other]] = [list[other], list[last]];
    }
    const text = list.map(({ key, value }) => `${gaps[1]}"${key}"${gaps[0]}:${gaps[1]}${value}`);
    return `${gaps[3]}{${text.join(`${gaps[0]},`).slice(gaps[1].length)}${gaps[3]}}${gaps[0]}`;
  });

/** A valid event as publishers write it: what the scanner should read by itself. */
export const simpleEventText = fc
  .record({
    eventId: uuidText,
    eventType: fc.constantFrom('impression', 'click'),
    eventTime: fc.oneof(
      timeText.filter((text) => text >= '1970' && text[0] !== '-'),
      fc.nat(2_000_000_000),
    ),
    adId: plainText,
    campaignId: plainText,
    advertiserId: plainText,
    userId: plainText,
    merchantId: fc.option(plainText),
    placement: fc.option(plainText),
    costMicros: fc.nat(100_000),
    currency: fc.constantFrom('EUR', 'USD'),
  })
  .chain((event) => fc.shuffledSubarray(Object.entries(event), { minLength: 11 }))
  .map((entries) => JSON.stringify(Object.fromEntries(entries)));

const anything = fc.oneof(
  { weight: 8, arbitrary: eventText },
  { weight: 6, arbitrary: simpleEventText },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\r',
      '{',
      '}',
      '[',
      ']',
      '[]',
      '{}',
      '"',
      '"\\',
      'null',
      '\ufeff{}',
      '\0',
      '{"',
      '{"a',
      '{"a":',
      ',',
      '[[],[]',
    ),
  },
);

const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n', '\n \t\r\n');
const ndjsonText = fc
  .tuple(fc.array(fc.tuple(anything, lineEnd), { maxLength: 6 }), fc.boolean())
  .map(([lines, isEnded]) => lines.flat().join('') + (isEnded ? '' : '{"eventId":'));
const arrayText = fc
  .tuple(
    fc.array(anything, { maxLength: 6 }),
    space,
    fc.constantFrom('[', '[', '[', ' [ '),
    fc.constantFrom(']', ']', ']', '', '}', ']]', '] x', ' ] ', ',]'),
  )
  .map(([events, gap, open, close]) => open + events.join(`${gap},${gap}`) + close);

export interface Body {
  readonly bytes: Uint8Array;
  readonly format: 'json' | 'ndjson';
}

const bodyText = fc.oneof(
  fc.record({ text: ndjsonText, format: fc.constant<'ndjson'>('ndjson') }),
  fc.record({ text: arrayText, format: fc.constant<'json'>('json') }),
  fc.record({ text: anything, format: fc.constantFrom<'json' | 'ndjson'>('json', 'ndjson') }),
);

/** Damage to bytes: replaced, cut out, cut off. */
const damage = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('replace', 'remove', 'insert', 'cut'),
    byte: fc.oneof(
      fc.nat(255),
      fc.constantFrom(...'{}[]",:\\\n\r 0eu'.split('').map((char) => char.charCodeAt(0))),
    ),
  }),
  { maxLength: 3 },
);

/** A request body, in most cases as it was written, else damaged. */
export const body: fc.Arbitrary<Body> = fc
  .tuple(bodyText, fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: damage }))
  .map(([{ text, format }, changes]) => {
    // One char of a text may be a lone surrogate: encoding makes it U+FFFD, damage makes bad UTF-8 of others.
    let bytes = [...new TextEncoder().encode(text)];
    for (const { at, kind, byte } of changes) {
      const place = bytes.length === 0 ? 0 : at % bytes.length;
      if (kind === 'cut') bytes = bytes.slice(0, place);
      else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
    }
    return { bytes: Uint8Array.from(bytes), format };
  });
