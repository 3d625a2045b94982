import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { recordKey, text } from '../../../src/cluster/render/sql-text.ts';
import { ATTRIBUTION_MODELS } from '../../../src/model/attributed-order.ts';
import type { JobInput } from '../../../src/cluster/render/rendered-job.ts';
import { jobInput } from './job-input.ts';
import { sqlTokens, type SqlToken } from './sql-tokens.ts';

const SEED = Date.now() & 0x7fffffff;
const HOSTILE = [
  "a'; DROP TABLE x; --",
  "''",
  "\\'",
  "' OR 1=1 /*",
  '`x`',
  "U&'\\0027'",
  '*/ SELECT 1 /*+',
  'a"b',
  '${x}',
  'a\\',
  '|',
  "END; INSERT INTO `clean` SELECT 'x'",
];
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.stringMatching(/^['`";\\|\-/*+() ]{1,12}$/),
);

/** A spec that no reader of settings would let through: as if its rules had a hole. */
function inputWith(first: string, second: string, region: string, kafka: string): JobInput {
  const input = jobInput('a');
  const regions = { [first]: { kafka }, [second]: { kafka } };
  return {
    ...input,
    region,
    spec: { ...input.spec, regions: [first, second], defaultCurrency: first },
    addresses: { ...input.addresses, regions },
  };
}

/** The same with every model and an order service. */
function withAll(input: JobInput): JobInput {
  const { spec } = input;
  const attribution = { ...spec.attribution, models: ATTRIBUTION_MODELS, touchesMax: 2 };
  return {
    ...input,
    spec: { ...spec, attribution, enrichment: { ...spec.enrichment, url: spec.regions[0] } },
  };
}

/** The tokens without what texts say: these must hang on no value. */
function skeleton(input: JobInput): string {
  const jobs = [...renderRegionJobs(input), ...renderRegionJobs(withAll(input))];
  const tokens = jobs.flatMap(({ statements }) => statements.flatMap(sqlTokens));
  return tokens.map((token) => (token.kind === 'text' ? "'…'" : token.value)).join(' ');
}

describe('a hostile spec', () => {
  test(`changes no token of the SQL but texts (seed ${SEED})`, () => {
    const first = skeleton(inputWith('a', 'b', 'a', 'k'));
    const second = skeleton(inputWith('a', 'b', 'b', 'k'));
    const examples: [string, string, string][] = HOSTILE.map((one) => [one, `${one}2`, one]);
    const property = fc.property(hostile, hostile, hostile, (one, other, kafka) => {
      fc.pre(one !== other && !(one in {}) && !(other in {}));
      const isSame = (region: string, wanted: string): boolean =>
        [wanted, undefined].includes(unlessRefused(() => skeleton(inputWith(one, other, region, kafka))));
      return isSame(one, first) && isSame(other, second);
    });
    expect(() => fc.assert(property, { seed: SEED, numRuns: 150, examples })).not.toThrow();
  });

  test(`is said as it is (seed ${SEED})`, () => {
    const property = fc.property(hostile, (value) => {
      const literal = unlessRefused(() => text(value));
      if (literal === undefined) return;
      const said: SqlToken[] = [{ kind: 'text', value }];
      expect(sqlTokens(literal)).toEqual(said);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000, examples: HOSTILE.map((one) => [one]) });
  });

  test('cannot bring in a control character', () => {
    expect(() => text('a\nb')).toThrow(/control character/);
    expect(() => text('a\u2028b')).toThrow(/control character/);
    expect(() => text('\ud800')).toThrow(/surrogate/);
  });

  test('cannot name numbers that are none', () => {
    const input = jobInput('a');
    const broken = { ...input, spec: { ...input.spec, maxEventAge: '1 OR 1=1' as unknown as number } };
    expect(() => renderRegionJobs(broken)).toThrow(/whole number of SQL/);
  });

  test('has its separators escaped in keys of records', () => {
    expect(recordKey([{ constant: 'a|b\\c' }, { column: 'x' }])).toBe(
      String.raw`'a\|b\\c' || '|' || REPLACE(REPLACE(x, '\', '\\'), '|', '\|')`,
    );
  });
});

function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof AdtallyError && error.message.includes('control character')) return undefined;
    throw error;
  }
}
