import { constants } from 'node:os';

/** What a person or the system asks of a running command. */
export interface StopSignal {
  /** Aborted at the first SIGINT or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Resolves with the first of them. */
  readonly asked: Promise<NodeJS.Signals>;
}

/** Listens for SIGINT and SIGTERM from now on; in a process with a supervisor also for its end. */
export function listenForStop(isSupervised = false): StopSignal {
  const controller = new AbortController();
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    const ask = (name: NodeJS.Signals): void => {
      controller.abort();
      resolve(name);
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
        ask(name);
      });
    }
    if (!isSupervised) return;
    // However the supervisor ends, the system closes the channel to it.
    process.once('disconnect', () => ask('SIGTERM'));
    process.channel?.unref();
    if (!process.connected) ask('SIGTERM');
  });
  return { signal: controller.signal, asked };
}

/** The exit code of a command that did not finish because it was asked to stop. */
export const INTERRUPTED_EXIT = 130;
