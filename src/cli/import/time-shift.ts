import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import { formatDuration, parseDuration } from '../../base/units.ts';
import { formatTime } from '../../model/event-time.ts';

/** Moves old times to now: the last one to `anchor`, the others before it at their distance or closer together. */
export interface TimeShift {
  /** First and last time in the files, Unix ms. */
  readonly first: UnixMs;
  readonly last: UnixMs;
  /** Where the last one goes, Unix ms. */
  readonly anchor: UnixMs;
  /** The span that all of them are squeezed into when theirs is longer, ms; null keeps their distances. */
  readonly spanMs: number | null;
}

/** What `--time-shift` asks for: "now" keeps the distances, "23h" squeezes them into that. Throws AdtallyError usage. */
export function parseTimeShift(text: string): number | null {
  if (text === 'now') return null;
  const spanMs = parseDuration(text);
  if (spanMs !== undefined && spanMs > 0) return spanMs;
  throw new AdtallyError(
    'usage',
    `--time-shift is "${text}"; it must be "now" or a duration such as 23h that the file's times are squeezed into.`,
  );
}

export function shiftTime(time: UnixMs, shift: TimeShift): UnixMs {
  return shift.anchor - Math.round((shift.last - time) * squeeze(shift));
}

/** One sentence that says what was done to the times. */
export function describeShift(shift: TimeShift): string {
  const factor = squeeze(shift);
  const moved = `Times are moved: ${formatTime(shift.first)} to ${formatTime(shift.last)} become ${formatTime(shiftTime(shift.first, shift))} to ${formatTime(shift.anchor)}`;
  if (factor === 1) return `${moved}.`;
  return `${moved}, squeezed ${(1 / factor).toFixed(1)} times into ${formatDuration(shift.spanMs!)}, so that no event is late.`;
}

/** From 0 to 1: by how much the distances shrink. */
function squeeze({ first, last, spanMs }: TimeShift): number {
  return spanMs === null || last - first <= spanMs ? 1 : spanMs / (last - first);
}
