import { describe, expect, it } from 'vitest';
import { needsMending, RestartPauses } from '../../../src/cli/regions/restart-pauses.ts';

const BY_SIGNAL = { exit: null };
const MINUTE_MS = 60_000;

describe('pauses before a restart', () => {
  it('are none at first, and longer with every death that follows, up to half a minute', () => {
    const pauses = new RestartPauses();
    const taken = Array.from({ length: 12 }, () => pauses.next(BY_SIGNAL, true, 10));
    expect(taken).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('begin anew after a minute of health, and not after one of trying to come up', () => {
    const pauses = new RestartPauses();
    for (let death = 0; death < 4; death++) pauses.next(BY_SIGNAL, true, 10);
    expect(pauses.next(BY_SIGNAL, false, 2 * MINUTE_MS)).toBe(2000);
    expect(pauses.next(BY_SIGNAL, true, MINUTE_MS - 1)).toBe(4000);
    expect(pauses.next(BY_SIGNAL, true, MINUTE_MS)).toBe(0);
    expect(pauses.next(BY_SIGNAL, true, 10)).toBe(250);
  });

  it.each([2, 3, 4])('are long at once for exit code %i, which somebody has to mend', (exit) => {
    expect(needsMending({ exit })).toBe(true);
    expect(new RestartPauses().next({ exit }, false, 10)).toBe(30_000);
    expect(new RestartPauses().next({ exit }, true, 10)).toBe(0);
  });

  it.each([0, 1, 5, null])('are short for exit code %s', (exit) => {
    expect(needsMending({ exit })).toBe(false);
    expect(new RestartPauses().next({ exit }, false, 10)).toBe(0);
  });

  it('are forgotten when somebody asks for a start', () => {
    const pauses = new RestartPauses();
    for (let death = 0; death < 4; death++) pauses.next(BY_SIGNAL, true, 10);
    pauses.forget();
    expect(pauses.next(BY_SIGNAL, true, 10)).toBe(0);
  });
});
