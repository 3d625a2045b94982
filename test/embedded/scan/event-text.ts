import * as fc from 'fast-check';
import { EVENT_FIELDS, type EventField } from '../../../src/model/ad-event.ts';
import {
  ODD_COSTS,
  ODD_CURRENCIES,
  ODD_IDS,
  ODD_OTHERS,
  ODD_TEXTS,
  ODD_TIMES,
  ODD_TYPES,
} from './odd-values.ts';

/**
 * Arbitrary events and bodies: mostly what publishers send, often a little wrong, sometimes hostile. Everything is JSON text
 * or bytes, never objects: what the scanner sees is how it is written.
 */

function charOf(chars: string): fc.Arbitrary<string> {
  return fc.constantFrom(...chars.split(''));
}

const HEX = '0123456789abcdef';

const uuidText = fc
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
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
  fc.integer({ min: 124, max: 132 }).map((length) => `"${'x'.repeat(length)}"`),
  fc.integer({ min: 126, max: 130 }).map((length) => `"${'😀'.repeat(length)}"`),
);

const eventId = fc.oneof(
  fc.constantFrom(...ODD_IDS),
  fc.tuple(uuidText, fc.nat(35), charOf('gG-/:@`{ 0f')).map(respell),
  identifier,
);

function respell([text, at, char]: [string, number, string]): string {
  return JSON.stringify(text.slice(0, at) + char + text.slice(at + 1));
}

const timeText = fc
  .integer({ min: -86_400_000, max: 4_102_444_800_000 })
  .map((time) => new Date(time).toISOString());

const eventTime = fc.oneof(
  fc.constantFrom(...ODD_TIMES),
  timeText.map((text) => `"${text.slice(0, 19)}Z"`),
  fc.integer({ min: 0, max: 253_402_300_799_999 + 5 }).map(String),
  fc.tuple(timeText, fc.nat(23), charOf('0123456789-:TZtz.+ "')).map(respell),
);

const costMicros = fc.oneof(
  fc.constantFrom(...ODD_COSTS),
  fc.maxSafeNat().map(String),
  fc.double().map((value) => JSON.stringify(value)),
);

const deepValue = fc.constantFrom(2, 50, 10_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
const otherValue = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD_OTHERS) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: deepValue },
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

const quoted = plainText.map((text) => JSON.stringify(text));
/** By field: its value as publishers write it, and as anybody might. */
const VALUES: Record<EventField, readonly [plain: fc.Arbitrary<string>, odd: fc.Arbitrary<string>]> = {
  eventId: [uuidText.map((text) => `"${text}"`), eventId],
  eventType: [fc.constantFrom('"impression"', '"click"'), fc.constantFrom(...ODD_TYPES)],
  eventTime: [timeText.map((text) => `"${text.replace('1969', '2026')}"`), eventTime],
  adId: [quoted, identifier],
  campaignId: [quoted, identifier],
  advertiserId: [quoted, identifier],
  userId: [quoted, identifier],
  merchantId: [quoted, identifier],
  placement: [quoted, identifier],
  costMicros: [fc.nat(1_000_000).map(String), costMicros],
  currency: [fc.constantFrom('"EUR"', '"USD"', '"AZA"'), fc.constantFrom(...ODD_CURRENCIES)],
};

const space = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant(' ') },
  { weight: 1, arbitrary: fc.constantFrom('\t', '\r', '\n', '  ', '\u00a0', '\f') },
);
/** Style of white space of a whole event: none, as Python writes it, or mixed. */
const spaces = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['', '', '', '']) },
  { weight: 2, arbitrary: fc.constant(['', ' ', '', '']) },
  { weight: 1, arbitrary: fc.array(space, { minLength: 4, maxLength: 4 }) },
);

interface Member {
  readonly key: string;
  readonly value: string;
}

const others = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Member[]>([]) },
  { weight: 1, arbitrary: fc.array(fc.record({ key: otherKey, value: otherValue }), { maxLength: 3 }) },
);

/** An event with up to two odd values; now and then a field is missing, absent or there twice. */
const eventText = fc
  .record({
    plain: fc.tuple(...EVENT_FIELDS.map((name) => VALUES[name][0])),
    odd: fc.tuple(...EVENT_FIELDS.map((name) => VALUES[name][1])),
    oddOnes: fc.array(fc.nat(EVENT_FIELDS.length - 1), { maxLength: 2 }),
    left: fc.array(fc.nat(40), { maxLength: 4 }),
    twice: fc.nat(120),
    others,
    order: fc.infiniteStream(fc.nat(1000)),
    gaps: spaces,
  })
  .map(({ plain, odd, oddOnes, left, twice, others: more, order, gaps }) => {
    const known = EVENT_FIELDS.map((name, index) => ({
      key: name as string,
      value: oddOnes.includes(index) ? odd[index] : plain[index],
    }));
    const members = [...known.filter((_, index) => !left.includes(index)), ...more];
    if (twice < members.length) members.push(members[twice]);
    for (let last = members.length - 1; last > 0; last--) {
      const other = order.next().value % (last + 1);
      [members[last], members[other]] = [members[other], members[last]];
    }
    return writeEvent(members, gaps);
  });

/** Gaps of white space: before colons and commas, before keys and values, within the outer braces. */
function writeEvent(members: readonly Member[], gaps: readonly string[]): string {
  const text = members.map(({ key, value }) => `${gaps[1]}"${key}"${gaps[0]}:${gaps[1]}${value}`);
  return `${gaps[3]}{${text.join(`${gaps[0]},`).slice(gaps[1].length)}${gaps[3]}}${gaps[0]}`;
}

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
