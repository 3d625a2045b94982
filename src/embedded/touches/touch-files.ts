import type { Clock, UnixMs } from '../../base/clock.ts';
import type { Disk } from '../ports.ts';
import { Pacer } from './pacer.ts';
import { chooseRuns, mergeRuns } from './touch-merge.ts';
import type { TouchMemory } from './touch-memory.ts';
import { timeOf, type TakeRow } from './touch-row.ts';
import { TouchRun } from './touch-run.ts';
import { TOUCH_DIRECTORY, touchRunPath } from './touch-run-format.ts';
import { TouchRunWriter } from './touch-run-writer.ts';
import type { TouchStore } from './touch-store.ts';

/** So many runs of one size become one. */
const MERGE_WIDTH = 8;
/** A merged run ends at most this share of the retention after what it was made of. */
const SPAN_SHARE = 1 / 4;
const BLOCK_DIGITS = 16;

interface Merge {
  readonly inputs: readonly TouchRun[];
  readonly name: string;
  isDone: boolean;
  /** Undefined when nothing was left of the inputs. */
  output: TouchRun | undefined;
}

/**
 * The runs of a touch store on the disk: written beside the running engine, merged when there are many, and gone when all
 * their touches are over. What the manifest names stays until a manifest is durable that does not.
 */
export class TouchFiles {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #dataId: string;
  readonly #mergeWidth: number;
  #merge: Merge | undefined;
  /** The merge whose result is in the manifest being written. */
  #named: Merge | undefined;
  #isStopped = false;
  bytesWritten = 0;

  constructor(disk: Disk, clock: Clock, dataId: string, mergeWidth = MERGE_WIDTH) {
    this.#disk = disk;
    this.#clock = clock;
    this.#dataId = dataId;
    this.#mergeWidth = mergeWidth;
  }

  /**
   * Writes what a snapshot of blocks `first` to `last` has frozen. Resolves to the runs that its manifest is to name; they
   * are durable once the data directory itself is synced.
   */
  async write(
    store: TouchStore,
    frozen: TouchMemory,
    first: number,
    last: number,
  ): Promise<readonly TouchRun[]> {
    const { expiredBefore } = store;
    await this.#disk.makeDirectory(TOUCH_DIRECTORY);
    const added = await this.#writeFrozen(frozen, runName(first, last), expiredBefore);
    await this.#disk.syncDirectory(TOUCH_DIRECTORY);
    const runs = [...store.runs];
    const merge = this.#merge;
    this.#named = merge?.isDone === true ? merge : undefined;
    if (this.#named !== undefined) {
      const { inputs, output } = this.#named;
      runs.splice(runs.indexOf(inputs[0]), inputs.length, ...(output === undefined ? [] : [output]));
    }
    if (added !== undefined) runs.push(added);
    // What is being merged is still read.
    const inUse = merge?.isDone === false ? merge.inputs : [];
    return runs.filter((run) => run.newest >= expiredBefore || inUse.includes(run));
  }

  /** To be called once a manifest that names `runs`, as write() gave them, is durable. */
  async adopt(store: TouchStore, runs: readonly TouchRun[]): Promise<void> {
    const before = [...store.runs];
    if (this.#named !== undefined) {
      if (this.#named.output !== undefined) before.push(this.#named.output);
      this.#named = undefined;
      this.#merge = undefined;
    }
    store.adopt(runs);
    for (const run of before) if (!runs.includes(run)) await run.close();
    await this.removeStrays(runs.map(({ name }) => name));
  }

  /** Removes files that are neither named nor being written. */
  async removeStrays(named: readonly string[]): Promise<void> {
    const kept = new Set([...named, this.#merge?.name]);
    for (const name of await this.#disk.list(TOUCH_DIRECTORY)) {
      if (!kept.has(name)) await this.#disk.remove(touchRunPath(name));
    }
  }

  /** Merges runs when there are many of one size, beside the engine; the next snapshot names the result. One at a time. */
  async merge(store: TouchStore): Promise<void> {
    if (this.#merge !== undefined || this.#isStopped) return;
    const inputs = chooseRuns(store.runs, this.#mergeWidth, store.retentionMs * SPAN_SHARE);
    if (inputs.length === 0) return;
    const name = mergedName(inputs);
    const merge: Merge = { inputs, name, isDone: false, output: undefined };
    this.#merge = merge;
    const writer = await TouchRunWriter.create(this.#disk, name, this.#dataId);
    const isWhole = await mergeRuns(inputs, writer, store.expiredBefore, {
      pacer: new Pacer(this.#clock),
      goesOn: () => !this.#isStopped,
    });
    if (!isWhole) {
      await writer.abandon();
      return;
    }
    merge.output = await this.#finish(writer, name);
    await this.#disk.syncDirectory(TOUCH_DIRECTORY);
    merge.isDone = true;
  }

  /** No merge begins any more, and one under way ends soon, without a result. */
  stop(): void {
    this.#isStopped = true;
  }

  async close(): Promise<void> {
    await this.#merge?.output?.close();
  }

  async #writeFrozen(
    frozen: TouchMemory,
    name: string,
    expiredBefore: UnixMs,
  ): Promise<TouchRun | undefined> {
    if (frozen.newest < expiredBefore) return undefined;
    const writer = await TouchRunWriter.create(this.#disk, name, this.#dataId);
    const pacer = new Pacer(this.#clock);
    const take: TakeRow = (words, at) => {
      if (timeOf(words, at) >= expiredBefore) writer.add(words, at);
    };
    const pause = async (): Promise<void> => {
      if (writer.isFull) await writer.flush();
      if (pacer.isTurnDue()) await pacer.turn();
    };
    for (let bucket = 0; bucket < frozen.buckets;) {
      const next = frozen.takeBuckets(bucket, take);
      if (next === bucket) for (const _ of frozen.bigBucket(bucket, take)) await pause();
      bucket = Math.max(next, bucket + 1);
      if (writer.isFull || pacer.isTurnDue()) await pause();
    }
    return this.#finish(writer, name);
  }

  async #finish(writer: TouchRunWriter, name: string): Promise<TouchRun | undefined> {
    if (writer.touches === 0) {
      await writer.abandon();
      return undefined;
    }
    this.bytesWritten += await writer.finish();
    return TouchRun.open(this.#disk, name, this.#dataId);
  }
}

function runName(first: number, last: number): string {
  const [from, to] = [first, last].map((block) => String(block).padStart(BLOCK_DIGITS, '0'));
  return `${from}-${to}.touches`;
}

function mergedName(runs: readonly TouchRun[]): string {
  return `${runs[0].name.slice(0, BLOCK_DIGITS)}${runs.at(-1)!.name.slice(BLOCK_DIGITS)}`;
}
