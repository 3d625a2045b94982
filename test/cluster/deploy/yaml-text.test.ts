import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { yamlDocuments, yamlText, type YamlFields } from '../../../src/cluster/deploy/yaml-text.ts';

const WORDS = [
  'no',
  'On',
  'null',
  '~',
  '1.5',
  '08',
  '1e3',
  '0x1f',
  '2026-01-31',
  '- a',
  'a: b',
  '# c',
  '',
  ' x',
];
const LINES = [
  'a\nb\n',
  'a\n\n  b\n',
  ' a\nb\n',
  'a\nb',
  'a \nb\n',
  '\na\n',
  '\n',
  'a\n\n',
  'tab\there\nb\n',
];

const text = fc.oneof(fc.string(), fc.constantFrom(...WORDS), fc.constantFrom(...LINES));
const { fields } = fc.letrec<{ fields: YamlFields; value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value')),
    tie('fields'),
  ),
  fields: fc.dictionary(text, tie('value'), { noNullPrototype: true }) as fc.Arbitrary<YamlFields>,
}));

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(fields, (value) => {
      expect(parse(yamlText(value), { uniqueKeys: true })).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('documents of one file are read one by one, without what is undefined', () => {
  const all = parseAllDocuments(yamlDocuments([{ a: 1, b: undefined }, { c: ['x', { d: 'y' }] }]));
  expect(all.map((one) => one.toJS() as unknown)).toEqual([{ a: 1 }, { c: ['x', { d: 'y' }] }]);
});
