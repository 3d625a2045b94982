import { useEffect, useState } from 'preact/hooks';
import { RegionRefusal, getJson } from './region-api.ts';

export interface Polled<T> {
  /** The latest answer, also when a later attempt failed. */
  readonly data: T | null;
  /** What went wrong with the last attempt; null when it went well. */
  readonly error: string | null;
  /** Whether the region said that there is no such thing. */
  readonly isMissing: boolean;
}

type Ask<T> = (path: string, signal: AbortSignal) => Promise<T>;

const WAIT_MOST_MS = 10_000;

/**
 * Fetches `makePath()` again and again, one request at a time, `everyMs` after the last one ended; not while the page is
 * hidden, and less often while it fails. Starts afresh, and abandons what is under way, when `key` changes.
 */
export function usePolling<T>(
  key: string,
  makePath: () => string,
  everyMs: number,
  ask: Ask<T> = getJson,
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ data: null, error: null, isMissing: false });
  useEffect(() => {
    const stopped = new AbortController();
    const onData = (data: T): void => setPolled({ data, error: null, isMissing: false });
    const onError = (error: string, isMissing: boolean): void =>
      setPolled(({ data }) => ({ data, error, isMissing }));
    void poll((signal) => ask(makePath(), signal), everyMs, stopped.signal, { onData, onError });
    return () => stopped.abort();
    // makePath is new in every render; `key` says when it asks for something else.
  }, [key, everyMs]);
  return polled;
}

interface PollHandlers<T> {
  readonly onData: (data: T) => void;
  readonly onError: (message: string, isMissing: boolean) => void;
}

async function poll<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  stopped: AbortSignal,
  { onData, onError }: PollHandlers<T>,
): Promise<void> {
  let failures = 0;
  while (!stopped.aborted) {
    if (!document.hidden) {
      try {
        const data = await ask(stopped);
        failures = 0;
        if (!stopped.aborted) onData(data);
      } catch (error) {
        failures++;
        if (!stopped.aborted) {
          onError(explainFailure(error), error instanceof RegionRefusal && error.status === 404);
        }
      }
    }
    await delay(Math.min(everyMs * 2 ** Math.min(failures, 5), WAIT_MOST_MS), stopped);
  }
}

/** What went wrong with a request, in words. */
export function explainFailure(error: unknown): string {
  // fetch says "Failed to fetch" and the like, differently in each browser.
  if (error instanceof TypeError) return 'The region does not answer.';
  if (error instanceof DOMException) return 'The region took too long to answer.';
  return error instanceof Error ? error.message : String(error);
}

/** Resolves after the delay, or at once when stopped. */
function delay(delayMs: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      window.clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = window.setTimeout(done, delayMs);
    stopped.addEventListener('abort', done);
  });
}
