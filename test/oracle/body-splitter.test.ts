import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventSplitter } from '../../src/model/request/event-splitter.ts';
import { splitOracleBody } from '../../src/oracle/body-splitter.ts';

function split(text: string, format: 'json' | 'ndjson'): string[] {
  const pieces = splitOracleBody(new TextEncoder().encode(text), format);
  return pieces.map((piece) => new TextDecoder().decode(piece));
}

test.each([
  ['', ['']],
  [' \n', ['']],
  ['[]', []],
  [' [ \r\n ] ', []],
  ['{"a":[1,2]}', ['{"a":[1,2]}']],
  ['[{"a":1},{"b":"],["}]', ['{"a":1}', '{"b":"],["}']],
  ['[1,]', ['1', '']],
  ['[,]', ['', '']],
  ['[', ['[']],
  ['[{"a":1}', ['[{"a":1}']],
  ['[1,{"a":1}', ['1', ',{"a":1}']],
  ['[1] 2', ['1', '] 2']],
  ['[]]', [']]']],
  [String.raw`["\"],", 2]`, [String.raw`"\"],"`, '2']],
  ['["open, 2]', ['["open, 2]']],
])('the json body %j holds %j', (text, pieces) => {
  expect(split(text, 'json')).toEqual(pieces);
});

test.each([
  ['', []],
  ['\n \t\r\n', []],
  ['1\n\r\n2\r\n3', ['1', '2', '3']],
  ['[1,2]\n', ['[1,2]']],
])('the ndjson body %j holds %j', (text, pieces) => {
  expect(split(text, 'ndjson')).toEqual(pieces);
});

/** Made apart, they must agree on any bytes. */
test('the oracle splits as the engine does', () => {
  const token = fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', ' ', '\n', '\r', '1', '"a"', '\t');
  const text = fc.array(token, { maxLength: 24 }).map((tokens) => tokens.join(''));
  fc.assert(
    fc.property(text, fc.boolean(), fc.constantFrom('json', 'ndjson'), (rest, isArray, format) => {
      const body = new TextEncoder().encode(isArray ? `[${rest}` : rest);
      const theirs: string[] = [];
      const splitter = new EventSplitter();
      do {
        if (!splitter.find(body, format, splitter.next)) break;
        theirs.push(new TextDecoder().decode(body.subarray(splitter.start, splitter.end)));
      } while (splitter.next < body.length);
      expect(split(new TextDecoder().decode(body), format)).toEqual(theirs);
    }),
    { numRuns: 5000 },
  );
});
