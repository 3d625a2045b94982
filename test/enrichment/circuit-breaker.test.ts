import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/base/backoff.ts';
import { CircuitBreaker } from '../../src/enrichment/circuit-breaker.ts';

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker({ failuresToOpen: 3, pauseMs: 100 });
  for (let failure = 0; failure < 3; failure++) breaker.end(breaker.begin(), false, 1000);
  return breaker;
}

describe('CircuitBreaker', () => {
  it('opens after so many failures in a row, not after so many in all', () => {
    const breaker = new CircuitBreaker({ failuresToOpen: 3, pauseMs: 100 });
    for (const isHealthy of [false, false, true, false, false]) breaker.end(breaker.begin(), isHealthy, 0);
    expect(breaker.state).toBe('closed');
    breaker.end(breaker.begin(), false, 0);
    expect(breaker).toMatchObject({ state: 'open', openings: 1, probeAtMs: 100 });
  });

  it('lets one question through after the pause, and no other beside it', () => {
    const breaker = opened();
    expect(breaker.mayAsk(1099)).toBe(false);
    expect(breaker.mayAsk(1100)).toBe(true);
    expect(breaker.begin()).toBe('probe');
    expect(breaker.state).toBe('half_open');
    expect(breaker.mayAsk(9999)).toBe(false);
  });

  it('closes when the probe is answered, and counts from zero', () => {
    const breaker = opened();
    breaker.end(breaker.begin(), true, 1200);
    expect(breaker.state).toBe('closed');
    breaker.end(breaker.begin(), false, 1300);
    expect(breaker.state).toBe('closed');
  });

  it('pauses again when the probe fails', () => {
    const breaker = opened();
    breaker.end(breaker.begin(), false, 1200);
    expect(breaker).toMatchObject({ state: 'open', openings: 1, probeAtMs: 1300 });
  });

  it('learns nothing from questions that were asked before it opened', () => {
    const breaker = opened();
    breaker.end('question', false, 1050);
    expect(breaker.probeAtMs).toBe(1100);
    breaker.end('question', true, 1050);
    expect(breaker.state).toBe('open');
  });

  it('tries at once when somebody says so', () => {
    const breaker = opened();
    breaker.allowProbe(1010);
    expect(breaker.mayAsk(1010)).toBe(true);
  });
});

describe('backoffMs', () => {
  it('doubles, stays between half and all of it, and ends at half a minute', () => {
    const longest = [1, 2, 3, 4, 5, 8, 9, 20, 2000].map((failure) => backoffMs(failure, 200, 1));
    expect(longest).toEqual([200, 400, 800, 1600, 3200, 25_600, 30_000, 30_000, 30_000]);
    expect([1, 2, 2000].map((failure) => backoffMs(failure, 200, 0))).toEqual([100, 200, 15_000]);
  });
});
