import { expect, test } from 'vitest';
import type { SqlCell } from '../../../../src/dashboard/answers/sql-answer.ts';
import { answerCsv, cellText, isNumeric } from '../../../../src/dashboard/components/sql/cell-text.ts';

test.each<[SqlCell, string]>([
  [null, ''],
  [true, 'true'],
  [9223372036854775807n, '9223372036854775807'],
  [[1, 9007199254740993n, null, 'a"b'], '[1, 9007199254740993, null, "a\\"b"]'],
  [{ n: 18446744073709551615n, list: [] }, '{"n": 18446744073709551615, "list": []}'],
])('%o is written %s', (cell, text) => {
  expect(cellText(cell)).toBe(text);
});

test('numbers are set as numbers, whatever DuckDB calls them', () => {
  const numeric = ['BIGINT', 'HUGEINT', 'UTINYINT', 'INTEGER', 'DECIMAL(9,2)', 'DOUBLE', 'FLOAT'];
  expect(numeric.filter((type) => !isNumeric({ name: 'n', type }))).toEqual([]);
  const others = ['VARCHAR', 'DATE', 'TIMESTAMP', 'INTERVAL', 'BOOLEAN', 'UUID'];
  expect(others.filter((type) => isNumeric({ name: 'n', type }))).toEqual([]);
});

test('CSV has every digit, and nothing that a spreadsheet would run', () => {
  const csv = answerCsv({
    columns: [
      { name: 'id', type: 'VARCHAR' },
      { name: 'n', type: 'BIGINT' },
    ],
    rows: [
      ['=1+1', -9007199254740993n],
      ['a,"b"\n', null],
    ],
    truncated: false,
    ms: 1,
  });
  expect(csv).toBe('id,n\r\n\'=1+1,-9007199254740993\r\n"a,""b""\n",\r\n');
});
