import { expect, test } from 'vitest';
import { textLiteral } from '../../../src/cluster/pinot/sql-literal.ts';

test.for([
  ['ad-42_x', "'ad-42_x'"],
  ['', "''"],
  ["it's", "U&'it\\0027s'"],
  ['a\\b', "U&'a\\005cb'"],
  ['OPTION(a=1)', "U&'OPTION\\0028a\\003d1\\0029'"],
  ['ö😀', "U&'\\00f6\\d83d\\de00'"],
  ['a\n', "U&'a\\000a'"],
])('%j is written %s', ([text, literal]) => expect(textLiteral(text)).toBe(literal));
