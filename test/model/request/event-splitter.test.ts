import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventSplitter, countEvents } from '../../../src/model/request/event-splitter.ts';
import { body } from '../../embedded/scan/event-text.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function split(bytes: Uint8Array, format: 'json' | 'ndjson'): string[] {
  const splitter = new EventSplitter();
  const events: string[] = [];
  do {
    if (!splitter.find(bytes, format, splitter.next)) break;
    events.push(decoder.decode(bytes.subarray(splitter.start, splitter.end)));
  } while (splitter.next < bytes.length);
  return events;
}

describe('ndjson', () => {
  test.each([
    ['nothing', '', []],
    ['blank lines', '\n \n\t\r\n\r\n', []],
    ['lines', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['a last line that does not end', '1\n2', ['1', '2']],
    ['CRLF and spaces', ' 1 \r\n\r\n\t2\r', ['1', '2']],
    ['a return within a line', '1\r2\n', ['1\r2']],
    ['other white space', '\f\n\u00a0\n\ufeff\n', ['\f', '\u00a0', '\ufeff']],
    ['arrays, which are lines like any other', '[1,2]\n[', ['[1,2]', '[']],
    ['a string that would go on', '"1\n2"', ['"1', '2"']],
  ])('%s', (_, text, events) => {
    expect(split(encoder.encode(text), 'ndjson')).toEqual(events);
  });
});

describe('json', () => {
  test.each([
    ['nothing, which is one malformed event', '', ['']],
    ['white space, the same', ' \r\n\t', ['']],
    ['one value', ' {"a":[1,2]}\n', ['{"a":[1,2]}']],
    ['values behind one another, which are one event', '{} {}', ['{} {}']],
    ['a byte order mark, so no array', '\ufeff[1,2]', ['\ufeff[1,2]']],
    ['an empty array', ' [ \n] ', []],
    ['an array', '[1, {"a":[2,3]} ,\n"x,]"]', ['1', '{"a":[2,3]}', '"x,]"']],
    ['escapes in strings', String.raw`["\"],","\\",2]`, [String.raw`"\"],"`, String.raw`"\\"`, '2']],
    ['missing elements', '[,1,,]', ['', '1', '', '']],
    ['brackets that do not match', '[{"a":1],2}', ['{"a":1]', '2']],
    ['a broken element between sound ones', '[1,{"a":},2]', ['1', '{"a":}', '2']],
  ])('%s', (_, text, events) => {
    expect(split(encoder.encode(text), 'json')).toEqual(events);
  });

  test.each([
    ['no end', '[1,2', ['1', ',2']],
    ['no end behind a comma', '[1,', ['1', ',']],
    ['no end in the first element', '[{"a":1}', ['[{"a":1}']],
    ['no end in a string', '[1,"2]', ['1', ',"2]']],
    ['only a bracket', ' [ ', ['[']],
    ['more behind its end', '[1] 2', ['1', '] 2']],
    ['more behind an empty one', '[] {} ', ['] {}']],
    ['a bracket too many', '[1]]', ['1', ']]']],
    ['another array behind it', '[1],[2]', ['1', '],[2]']],
  ])('a broken array, %s: its rest is one event that no parser takes', (_, text, events) => {
    expect(split(encoder.encode(text), 'json')).toEqual(events);
    expect(() => JSON.parse(events.at(-1)!) as unknown).toThrow(SyntaxError);
  });
});

test('a sound array splits into what JSON.parse finds in it', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(0, 1, 2), (values, indent) => {
      const text = JSON.stringify(values, null, indent);
      const events = split(encoder.encode(text), 'json');
      expect(events.map((event) => JSON.parse(event) as unknown)).toEqual(JSON.parse(text));
    }),
    { numRuns: 1000 },
  );
});

test('events never overlap, stand in order and leave out only separators and white space', () => {
  fc.assert(
    fc.property(body, ({ bytes, format }) => {
      const splitter = new EventSplitter();
      let behind = '';
      let last = 0;
      do {
        const isFound = splitter.find(bytes, format, splitter.next);
        const end = isFound ? splitter.start : bytes.length;
        expect(end).toBeGreaterThanOrEqual(last);
        behind += decoder.decode(bytes.subarray(last, end));
        if (!isFound) break;
        last = splitter.end;
      } while (splitter.next < bytes.length);
      expect(behind.replaceAll(/[\s,[\]{}]/g, '')).toBe('');
    }),
    { numRuns: 2000 },
  );
});

test('counting stops one above the limit', () => {
  const lines = encoder.encode('1\n'.repeat(50));
  const array = encoder.encode(`[${'1,'.repeat(49)}1]`);
  expect([0, 1, 49, 50, 51].map((limit) => countEvents(lines, 'ndjson', limit))).toEqual([1, 2, 50, 50, 50]);
  expect([0, 1, 49, 50, 51].map((limit) => countEvents(array, 'json', limit))).toEqual([1, 2, 50, 50, 50]);
  expect(countEvents(new Uint8Array(0), 'json', 5)).toBe(1);
});
