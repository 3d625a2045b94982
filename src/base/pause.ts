import type { Clock } from './clock.ts';

/** Resolves once so much time of the clock has passed. */
export function pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
