import type { Clock } from './clock.ts';

/** Resolves once so much time of the clock has passed, or as soon as `stop` says so. */
export function pause(clock: Pick<Clock, 'after'>, ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop?.aborted === true) return resolve();
    const finish = (): void => {
      cancel();
      stop?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    stop?.addEventListener('abort', finish);
  });
}
