import { AdtallyError } from '../base/errors.ts';

/** Enough of the data id to tell cursors of different data directories apart. */
const ORIGIN_LENGTH = 8;

/** A cursor says which directory's changes it counts, and how many of them its reader has: `1f0c22ab-4711`. */
export function formatCursor(dataId: string, change: number): string {
  return `${dataId.slice(0, ORIGIN_LENGTH)}-${change}`;
}

/** The change number of a cursor, 0 for none; throws bad_cursor for one that this directory cannot have given. */
export function parseCursor(dataId: string, cursor: string | undefined, lastChange: number): number {
  if (cursor === undefined) return 0;
  const match = /^([0-9a-f]{8})-(\d{1,15})$/.exec(cursor);
  const change = Number(match?.[2]);
  if (match === null || match[1] !== dataId.slice(0, ORIGIN_LENGTH) || change > lastChange) {
    throw new AdtallyError(
      'bad_cursor',
      `The cursor "${cursor.slice(0, 64)}" was not given by this region's data.`,
    );
  }
  return change;
}
