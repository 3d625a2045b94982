import { describe, expect, it } from 'vitest';
import { didYouMean, nearestName } from '../../src/base/nearest-name.ts';

const NAMES = ['maxEventAge', 'maxClockSkew', 'dedupeWindow', 'limits.records', 'data'];

describe('nearestName', () => {
  it.each([
    ['maxEventAg', 'maxEventAge'],
    ['MAXEVENTAGE', 'maxEventAge'],
    ['maxClokSkew', 'maxClockSkew'],
    ['limits.record', 'limits.records'],
    ['dedup', 'dedupeWindow'],
    ['dta', 'data'],
    ['zzzzzz', undefined],
    ['de', undefined],
    ['', undefined],
  ])('takes %j for %j', (typed, expected) => {
    expect(nearestName(typed, NAMES)).toBe(expected);
  });

  it('asks, or says nothing', () => {
    expect(didYouMean('dat', NAMES)).toBe(' Did you mean "data"?');
    expect(didYouMean('zzzzzz', NAMES)).toBe('');
  });
});
