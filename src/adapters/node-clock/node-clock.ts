import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';

/** The clock of this machine. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  turn: () => setImmediate(),
};
