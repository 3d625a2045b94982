import { constants } from 'node:os';

/** What a person or the system asks of a running command. */
export interface StopSignal {
  /** Aborted at the first SIGINT or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Resolves with the first of them. */
  readonly asked: Promise<NodeJS.Signals>;
}

/** Listens for SIGINT and SIGTERM from now on. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
        controller.abort();
        resolve(name);
      });
    }
  });
  return { signal: controller.signal, asked };
}

/** The exit code of a command that did not finish because it was asked to stop. */
export const INTERRUPTED_EXIT = 130;
