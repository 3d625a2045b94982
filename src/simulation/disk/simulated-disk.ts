import type { Disk } from '../../embedded/ports.ts';
import { DirectoryTree } from './directory-tree.ts';
import { DiskMount, systemError, type Effect } from './disk-mount.ts';
import { CALM } from './disk-plan.ts';
import type { DiskFault, DiskOperation, DiskPlan, OperationFate, OperationKind } from './disk-plan.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { PowerCut, SimulatedFile } from './simulated-file.ts';

/** Runs an action after some virtual milliseconds. */
type Schedule = (delayMs: number, action: () => void) => unknown;

const atOnce: Schedule = (_delayMs, action) => {
  action();
};

/** An operation that was asked for and has not completed. */
interface InFlight {
  readonly happen: () => void;
  /** Happens as far as it gets before the process dies. */
  readonly breakOff: () => void;
}

/**
 * A disk in memory. Operations take effect when they complete, after a delay and in an order that the plan decides; what was
 * not synced may be lost with the power. Each operation has a number: a place to crash at.
 */
export class SimulatedDisk {
  readonly #tree = new DirectoryTree();
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #inFlight = new Set<InFlight>();
  #mount: DiskMount | undefined;
  plan: DiskPlan;
  /** Operations so far: the number of the last one. */
  operations = 0;
  /** The operation at which the plan killed the process, until the next mount. */
  crashedAt: DiskOperation | undefined;

  constructor(random: SeededRandom, plan: DiskPlan = CALM, schedule: Schedule = atOnce) {
    this.#random = random;
    this.plan = plan;
    this.#schedule = schedule;
  }

  /** The disk for a new process. The one before must be dead. */
  mount(): Disk {
    this.kill();
    this.crashedAt = undefined;
    this.#mount = new DiskMount(this);
    return this.#mount;
  }

  /** The process dies, the operating system lives: what was written stays readable, what was on its way may have happened. */
  kill(): void {
    this.#mount = undefined;
    for (const { happen, breakOff } of this.#inFlight) {
      if (this.#random.chance(0.5)) happen();
      else breakOff();
    }
    this.#inFlight.clear();
  }

  /** The machine dies: of what was not synced, `cut` says what is left. */
  losePower(cut: PowerCut): void {
    this.kill();
    this.#tree.losePower(cut, this.#random);
  }

  isMounted(mount: DiskMount): boolean {
    return this.#mount === mount && this.crashedAt === undefined;
  }

  /** Every file with its content as a running process would read it. */
  contents(): Map<string, Uint8Array> {
    return contentsOf(this.#tree.files());
  }

  /** The files that were removed, with their last content. */
  removedContents(): Map<string, Uint8Array> {
    return contentsOf(this.#tree.removed);
  }

  /** Puts a file in place, durable at once. */
  place(path: string, content: Uint8Array): void {
    this.#tree.place(path, content);
  }

  /** Damages one stored bit of a file. */
  flipBit(path: string, bit: number): void {
    this.#tree.get(path)!.flipBit(bit);
  }

  /** A disk of its own, calm and instant, with the same files, all of them durable. */
  copy(): SimulatedDisk {
    const copy = new SimulatedDisk(this.#random.fork('copy'));
    for (const [path, content] of this.contents()) copy.place(path, content);
    return copy;
  }

  get tree(): DirectoryTree {
    return this.#tree;
  }

  /** Runs one operation of `mount` as the plan decides. A dead process never hears of it again. */
  perform<T>(mount: DiskMount, kind: OperationKind, path: string, effect: Effect<T>): Promise<T> {
    if (!this.isMounted(mount)) return never();
    const operation = { number: ++this.operations, kind, path };
    const fate = this.plan.fateOf(operation);
    if (fate.crash === 'before') this.crashedAt = operation;
    if (fate.crash === 'before') return never();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const happen = (): void => {
      this.#inFlight.delete(inFlight);
      try {
        resolve(this.#happen(fate, operation, effect));
      } catch (error) {
        reject(error);
      }
    };
    const breakOff = (): void => {
      if (kind === 'write') effect('io_error');
    };
    const inFlight = { happen, breakOff };
    this.#inFlight.add(inFlight);
    if (fate.crash === 'during') this.crashedAt = operation;
    this.#schedule(fate.delayMs, () => {
      if (!this.#inFlight.has(inFlight) || !this.isMounted(mount)) return;
      happen();
      if (fate.crash === 'after') this.crashedAt = operation;
    });
    return promise.then(
      (value) => (this.isMounted(mount) ? value : never<T>()),
      (error: unknown) => (this.isMounted(mount) ? Promise.reject(error as Error) : never<T>()),
    );
  }

  #happen<T>(fate: OperationFate, operation: DiskOperation, effect: Effect<T>): T {
    if (fate.fault === undefined) return effect(undefined);
    effect(fate.fault);
    throw systemError(fate.fault === 'no_space' ? 'ENOSPC' : 'EIO', operation);
  }

  /** How many of `length` bytes a failing write gets done. */
  partOf(length: number): number {
    return this.#random.below(length + 1);
  }

  failSync(file: SimulatedFile, fault: DiskFault): void {
    file.failSync(fault === 'ghost_sync', this.#random);
  }
}

function contentsOf(files: ReadonlyMap<string, SimulatedFile>): Map<string, Uint8Array> {
  return new Map([...files].map(([path, file]) => [path, Uint8Array.from(file.content())]));
}

/** What a dead process waits for. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
