import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLine } from '../../src/base/csv.ts';

test.for([
  ['=1+1', "'=1+1\r\n"],
  ['+1', "'+1\r\n"],
  ['-2', "'-2\r\n"],
  ['@SUM(A1)', "'@SUM(A1)\r\n"],
  ['\t=1', "'\t=1\r\n"],
  ['\r=1', '"\'\r=1"\r\n'],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"\r\n'],
  ['a=b', 'a=b\r\n'],
] as const)('the text %j is no formula to a spreadsheet', ([text, line]) => {
  expect(csvLine([text])).toBe(line);
});

test('numbers stay numbers, null is empty', () => {
  expect(csvLine([-1, 2n ** 70n, 0.5, null, true, 'x'])).toBe('-1,1180591620717411303424,0.5,,true,x\r\n');
});

test('what is written reads back, but for the quote before a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), (texts) => {
      const [row] = parse(csvLine(texts), { relax_column_count: true, record_delimiter: '\r\n' });
      expect(row).toEqual(texts.map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)));
    }),
  );
});
