import type { Region } from '../../embedded/ports.ts';
import type { OrderReceipt } from '../../model/order-receipt.ts';
import type { LogTruth } from '../log-truth.ts';
import type { RequestLedger } from '../request-ledger.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';

/** A region at rest, with the truth of the log that it has applied in full. */
export interface RegionAtRest {
  readonly region: Region;
  readonly truth: LogTruth;
  readonly ledger: RequestLedger;
  /** Requests of orders. */
  readonly orderLedger: RequestLedger<OrderReceipt>;
  /** Answers of the order service. */
  readonly answerLedger: RequestLedger<void>;
  /** The disk as it is now, all of it durable. */
  readonly copyDisk: () => SimulatedDisk;
  /** The same with all the segments of the log that retention has removed. */
  readonly copyWholeLog: () => SimulatedDisk;
  /** The region opened once more, on such a copy. */
  readonly again: Region;
  /** Opens the region on a copy of its disk, in a process and at a clock of its own. */
  readonly open: (disk: SimulatedDisk) => Promise<Region>;
}

/** Holds a simulated region to one promise, through its starts, crashes and end. Throws when the promise is broken. */
export interface Checker {
  /** The promise in a few words. */
  readonly name: string;
  /** The region has just been opened, before any client is let in; and at the end, when all have been answered. */
  atRest?(rest: RegionAtRest): void | Promise<void>;
  /** At the very end, when the region has nothing left to do. */
  ended?(rest: RegionAtRest): void | Promise<void>;
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
  if (isSame(actual, expected)) return;
  throw new BrokenPromise(`${what}:\n  is        ${show(actual)}\n  should be ${show(expected)}`);
}

export function expectThat(holds: boolean, what: () => string): void {
  if (!holds) throw new BrokenPromise(what());
}

/** Whether two values are the same all the way down; the order of keys does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [entries, other] = [Object.entries(a), b as Record<string, unknown>];
  if (Array.isArray(a) !== Array.isArray(b) || entries.length !== Object.keys(other).length) return false;
  return entries.every(([key, value]) => Object.hasOwn(other, key) && isSame(value, other[key]));
}

/** JSON with sorted keys, and bigints as text. */
function show(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
