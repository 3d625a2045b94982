import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { CREATE_DATABASE, hiveObjects, REFRESH } from '../../../src/cluster/warehouse/hive-objects.ts';
import { renderViews } from '../../../src/warehouse/view-sql.ts';

const SEED = Date.now() & 0x7fffffff;
const HOSTILE = [
  "file:///x';DROP/**/DATABASE/**/warehouse--",
  'file:///x\\',
  "file:///x\\'",
  'file:///${env:HOME}',
  'file:///`x`"y"',
  '',
];

test('the statements are those of the golden file', async () => {
  const statements = hiveObjects('file:///data/warehouse/').flatMap((object) => object.statements);
  const script = [CREATE_DATABASE, ...statements, ...REFRESH].map((statement) => `${statement};\n`);
  await expect(script.join('\n')).toMatchFileSnapshot('golden/hive.sql');
});

test('the views are those of the embedded warehouse, by the same names', () => {
  const views = hiveObjects('file:///data').filter(({ kind }) => kind === 'view');
  const embedded = renderViews('duckdb', 'warehouse.', () => 'files');
  expect(views.map(({ name }) => name)).toEqual(embedded.map(({ name }) => name));
});

test(`an address changes nothing but the text that it is (seed ${SEED})`, () => {
  const skeleton = skeletonOf('file:///data');
  const property = fc.property(
    fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 30 })),
    (uri) => {
      const found = unlessRefused(() => skeletonOf(uri));
      if (found === undefined) return;
      expect(found).toEqual(skeleton);
      const [[, minutes]] = hiveObjects(uri).map(({ statements }) => statements);
      expect(meaning(/LOCATION ('[\s\S]*')\nTBL/.exec(minutes)![1])).toBe(
        `${uri.replace(/\/$/, '')}/ad_minutes`,
      );
      // Hive would put a variable in its place.
      expect(minutes).not.toContain('${');
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 200, examples: HOSTILE.map((uri) => [uri]) });
});

test('what is no URI is refused', () => {
  for (const uri of ['', 'file:///a b', 'file:///a\nb', 'file:///ä'])
    expect(() => hiveObjects(uri)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});

/** The statements without what their texts say, and without what follows from it. */
function skeletonOf(uri: string): string[] {
  return hiveObjects(uri).flatMap(({ statements }) =>
    statements.map((statement) => statement.replaceAll(/'(?:[^'\\]|\\[\s\S])*'/g, "'…'")),
  );
}

/** What Hive understands by a text. */
function meaning(literal: string): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\u([0-9a-f]{4})|\\([\s\S])/g, (_, code: string | undefined, sign: string) =>
      code === undefined ? sign : String.fromCharCode(Number.parseInt(code, 16)),
    );
}

function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof AdtallyError && error.code === 'config_invalid') return undefined;
    throw error;
  }
}
