import { expect, test } from 'vitest';
import { deviations } from './compare.ts';
import { readCases } from './conformance-case.ts';
import { runEmbedded } from './embedded-engine.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const CASES = readCases(() => NOON);

test.each(CASES)('embedded: $title', async (one) => {
  expect(deviations(one, await runEmbedded(one))).toEqual([]);
});

test('there are cases of every kind, and a wrong record is seen', async () => {
  expect(CASES.length).toBeGreaterThan(30);
  const one = CASES.find(({ adMinutes }) => adMinutes.length > 0)!;
  const outcome = await runEmbedded(one);
  const [id, record] = [...outcome.adMinutes][0];
  for (const [name, value] of [
    ['impressions', 77],
    ['costMicros', 1],
    ['region', 'z'],
  ] as const) {
    const wrong = new Map([...outcome.adMinutes, [id, { ...record, [name]: value }]]);
    expect(deviations(one, { ...outcome, adMinutes: wrong })).toHaveLength(1);
  }
  expect(deviations(one, { ...outcome, adMinutes: new Map() })).not.toEqual([]);
  expect(deviations(one, { ...outcome, verdicts: { a: { late: 1 } } })).not.toEqual([]);
});
