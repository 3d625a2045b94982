import { AdtallyError } from '../base/errors.ts';

/** What a rejection on the way to the disk means: disk_failed for an error of the system (EIO, ENOSPC, …), else what it is. */
export function diskFailed(cause: unknown): Error {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    return new AdtallyError(
      'disk_failed',
      `The data directory could not be read or written: ${String(message)}.`,
      { cause },
    );
  }
  return cause instanceof Error ? cause : new Error(String(cause));
}
