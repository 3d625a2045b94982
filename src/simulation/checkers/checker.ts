import type { Region } from '../../embedded/ports.ts';
import type { LogTruth } from '../log-truth.ts';
import type { RequestLedger } from '../request-ledger.ts';

/** A region at rest, with the truth of the log that it has applied in full. */
export interface RegionAtRest {
  readonly region: Region;
  readonly truth: LogTruth;
  readonly ledger: RequestLedger;
  /** Opens the region a second time, on a copy of its disk as it is now. */
  readonly reopen: () => Promise<Region>;
}

/** Holds a simulated region to one promise, through its starts, crashes and end. Throws when the promise is broken. */
export interface Checker {
  /** The promise in a few words. */
  readonly name: string;
  /** The region has just been opened, before any client is let in; and at the end, when all have been answered. */
  atRest?(rest: RegionAtRest): void | Promise<void>;
  /** At some moment while the region serves. */
  observed?(region: Region): void | Promise<void>;
  /** The process has died, or has been stopped; what could be seen last of `region` was seen by somebody. */
  died?(region: Region): void | Promise<void>;
}

/** A promise of the region that does not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [show(actual), show(expected)];
  if (a !== b) throw new BrokenPromise(`${what}:\n  is        ${a}\n  should be ${b}`);
}

export function expectThat(holds: boolean, what: () => string): void {
  if (!holds) throw new BrokenPromise(what());
}

/** JSON with sorted keys, and bigints as text. */
function show(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
