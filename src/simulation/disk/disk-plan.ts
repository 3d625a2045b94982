import type { SeededRandom } from '../seeded-random.ts';

export type OperationKind =
  | 'make_directory'
  | 'list'
  | 'size'
  | 'open_read'
  | 'open_write'
  | 'rename'
  | 'remove'
  | 'sync_directory'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close';

/** One call of the disk port; the numbers count up from 1 through all processes that use the disk. */
export interface DiskOperation {
  readonly number: number;
  readonly kind: OperationKind;
  readonly path: string;
}

/**
 * How an operation goes wrong. `io_error`: EIO; a write may have written a part, a sync loses pages it should have written.
 * `no_space`: ENOSPC, in the same way. `ghost_sync`: EIO from a sync that leaves the lost pages readable until the power goes.
 */
export type DiskFault = 'io_error' | 'no_space' | 'ghost_sync';

/**
 * Where the process dies. `before`: the operation never reaches the disk. `during`: it is on its way and may have happened in
 * part. `after`: it has happened, but nobody learns of it.
 */
export type CrashPoint = 'before' | 'during' | 'after';

export interface OperationFate {
  readonly delayMs: number;
  readonly fault?: DiskFault | undefined;
  readonly crash?: CrashPoint | undefined;
}

/** Decides what becomes of each operation. */
export interface DiskPlan {
  fateOf(operation: DiskOperation): OperationFate;
}

/** Everything works, at once. */
export const CALM: DiskPlan = { fateOf: () => ({ delayMs: 0 }) };

/** Calm, and keeps a list of what was done. */
export class RecordingPlan implements DiskPlan {
  readonly operations: DiskOperation[] = [];

  fateOf(operation: DiskOperation): OperationFate {
    this.operations.push(operation);
    return { delayMs: 0.1 };
  }
}

/** Calm, but for a crash at operation `number`. */
export function crashAt(number: number, crash: CrashPoint): DiskPlan {
  return {
    fateOf: (operation) => ({ delayMs: 0.1, crash: operation.number === number ? crash : undefined }),
  };
}

/** Calm, but for a fault at operation `number`. */
export function faultAt(number: number, fault: DiskFault): DiskPlan {
  return {
    fateOf: (operation) => ({ delayMs: 0.1, fault: operation.number === number ? fault : undefined }),
  };
}

/** One step of a script: waits for the `nth` operation of that kind on such a path, and then does what it says. */
export interface ScriptStep {
  readonly kind: OperationKind;
  /** What the path begins with. */
  readonly path: string;
  readonly nth: number;
  readonly crash?: CrashPoint;
  readonly fault?: DiskFault;
}

/** Calm, but for the steps of a script, one after the other. Written in terms of what is done, it outlives its numbers. */
export class ScriptedPlan implements DiskPlan {
  readonly #steps: ScriptStep[];
  #seen = 0;

  constructor(steps: readonly ScriptStep[]) {
    this.#steps = [...steps];
  }

  get stepsLeft(): number {
    return this.#steps.length;
  }

  fateOf({ kind, path }: DiskOperation): OperationFate {
    const step = this.#steps[0];
    if (step?.kind !== kind || !path.startsWith(step.path) || ++this.#seen < step.nth)
      return { delayMs: 0.1 };
    this.#steps.shift();
    this.#seen = 0;
    return { delayMs: 0.1, crash: step.crash, fault: step.fault };
  }
}

export interface DiskTemper {
  /** Median time of an operation, ms. */
  readonly delayMs: number;
  /** Probability that an operation stalls, for up to `stallMs`. */
  readonly stall: number;
  readonly stallMs: number;
  /** Probability of a crash at any one operation that changes something. */
  readonly crash: number;
  /** Probability of an error at any one operation. */
  readonly fault: number;
}

/** Operations that may leave something else on the disk than was there before. */
export const CHANGING: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'make_directory',
  'open_write',
  'rename',
  'remove',
  'sync_directory',
  'write',
  'sync',
  'truncate',
]);

const SHAKY_OPERATIONS = 60;
const SHAKY_CRASH = 0.1;

/** A disk with moods: delays, stalls, errors and crashes, all drawn from `random`. `quiet` can be set to spare it. */
export class SeededPlan implements DiskPlan {
  readonly #random: SeededRandom;
  readonly #temper: DiskTemper;
  /** While true, no faults and no crashes. */
  quiet = false;
  /** Operations left during which another crash is likely: what a crash left must survive the next one too. */
  #shaky = 0;

  constructor(random: SeededRandom, temper: DiskTemper) {
    this.#random = random;
    this.#temper = temper;
  }

  fateOf(operation: DiskOperation): OperationFate {
    const random = this.#random;
    const temper = this.#temper;
    const delayMs = random.chance(temper.stall)
      ? random.fraction() * temper.stallMs
      : random.fraction() * 2 * temper.delayMs;
    const crashes = this.#crashes(operation.kind);
    const fails = random.chance(temper.fault) && !this.quiet;
    const crash = random.pick<CrashPoint>(['before', 'during', 'after']);
    const fault = faultOf(operation.kind, random);
    return { delayMs, crash: crashes ? crash : undefined, fault: fails ? fault : undefined };
  }

  #crashes(kind: OperationKind): boolean {
    const random = this.#random;
    const isShaky = this.#shaky-- > 0;
    if (!random.chance(isShaky ? SHAKY_CRASH : this.#temper.crash)) return false;
    if (this.quiet || !CHANGING.has(kind)) return false;
    this.#shaky = random.pick([0, SHAKY_OPERATIONS]);
    return true;
  }
}

function faultOf(kind: OperationKind, random: SeededRandom): DiskFault | undefined {
  const second = random.chance(0.5);
  switch (kind) {
    case 'write':
    case 'open_write':
    case 'make_directory':
    case 'rename':
      return second ? 'no_space' : 'io_error';
    case 'sync':
      return second ? 'ghost_sync' : 'io_error';
    case 'close':
    case 'size':
    case 'list':
      return undefined;
    default:
      return 'io_error';
  }
}
