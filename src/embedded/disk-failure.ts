import { AssertionError } from '../base/assert.ts';
import { AdtallyError } from '../base/errors.ts';

/** What a rejection of the disk means: disk_failed, unless it is already an error of adtally's own or a bug. */
export function diskFailed(cause: unknown): Error {
  if (cause instanceof AdtallyError || cause instanceof AssertionError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AdtallyError('disk_failed', `The data directory could not be read or written: ${reason}.`, {
    cause,
  });
}
