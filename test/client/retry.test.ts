import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY, retryDelay } from '../../src/client/retry.ts';

describe('retryDelay', () => {
  it('doubles up to the longest, between half and all of it', () => {
    const delays = [1, 2, 3, 10].map((failure) => retryDelay(failure, 0, 1, DEFAULT_RETRY));
    expect(delays).toEqual([100, 200, 400, 5000]);
    expect(retryDelay(1, 0, 0, DEFAULT_RETRY)).toBe(50);
  });

  it('is never shorter than the server asks for, and not the same for all whom it asks', () => {
    expect(retryDelay(1, 3000, 0, DEFAULT_RETRY)).toBe(3000);
    expect(retryDelay(1, 3000, 1, DEFAULT_RETRY)).toBeCloseTo(3300);
  });
});
