import type { Clock } from '../base/clock.ts';
import { pause } from '../base/pause.ts';
import type { EntryReceipt } from './state/entry-receipt.ts';
import { diskFailed } from './disk-failure.ts';
import type { Entry } from './log/entry.ts';
import type { LogBlock } from './log/log-reader.ts';
import type { LogWriter } from './log/log-writer.ts';

/** A group is at most this large, unless a single request is larger. */
const GROUP_BYTES_MAX = 4 << 20;
/** How long after the last commit the empty block follows that proves it. */
const SETTLE_MS = 100;

/** A request between its arrival and its answer. */
export interface PendingRequest {
  readonly entry: Entry;
  /** Upper bound of its events. */
  readonly events: number;
  /** Monotonic ms. */
  readonly acceptedAtMs: number;
  readonly resolve: (receipt: EntryReceipt) => void;
  readonly reject: (error: Error) => void;
}

/** A block on stable storage, with the requests it answers, in the order of its entries; marks may follow them. */
export interface CommittedGroup {
  readonly block: LogBlock;
  readonly requests: readonly PendingRequest[];
}

/**
 * Turns requests into blocks: while one block is on its way to the disk, the next one gathers. Every block is handed on only
 * once it is on stable storage, in order.
 */
export class GroupCommit {
  readonly #log: LogWriter;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #takeMarks: () => readonly Entry[];
  readonly #onCommitted: (group: CommittedGroup) => void;
  readonly #onFailure: (error: Error) => void;
  #queue: PendingRequest[] = [];
  /** Whether the last block holds something that an empty block after it does not prove yet. */
  #isUnproved = false;
  #cancelSettling = (): void => {};
  #running: Promise<void> | undefined;
  /** After a failed append the log must not be written to again. */
  #hasFailed = false;
  #lastCommitAtMs = -Infinity;
  commits = 0;
  commitMsLast = 0;

  constructor(options: {
    log: LogWriter;
    clock: Clock;
    intervalMs: number;
    /** What goes into the next block behind the requests, and is in it then; it needs no proof, as nobody is told of it. */
    takeMarks: () => readonly Entry[];
    onCommitted: (group: CommittedGroup) => void;
    onFailure: (error: Error) => void;
  }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs;
    this.#takeMarks = options.takeMarks;
    this.#onCommitted = options.onCommitted;
    this.#onFailure = options.onFailure;
  }

  add(request: PendingRequest): void {
    this.#queue.push(request);
    this.#run();
  }

  /** Resolves once everything added has been committed, and the last block is proved by one behind it. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#cancelSettling();
    if (this.#isUnproved && !this.#hasFailed) await this.#commit([]);
  }

  /** Refuses what has not been committed. */
  abort(error: Error): void {
    this.#cancelSettling();
    for (const request of this.#queue.splice(0)) request.reject(error);
  }

  #run(): void {
    this.#cancelSettling();
    this.#start(() => this.#commitAll());
  }

  /** Begins `work` on the log, unless some is under way; what has come meanwhile follows it. */
  #start(work: () => Promise<void>): void {
    this.#running ??= work()
      .catch(this.#onFailure)
      .finally(() => {
        this.#running = undefined;
        if (this.#hasFailed) return;
        if (this.#queue.length > 0) this.#run();
        else if (this.#isUnproved) this.#settleLater();
      });
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const waitMs = this.#lastCommitAtMs + this.#intervalMs - this.#clock.monotonicMs();
      if (waitMs > 0) await pause(this.#clock, waitMs);
      await this.#commit(this.#takeGroup());
    }
  }

  #settleLater(): void {
    this.#cancelSettling = this.#clock.after(SETTLE_MS, () => this.#start(() => this.#commit([])));
  }

  async #commit(requests: readonly PendingRequest[]): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    this.#lastCommitAtMs = startMs;
    try {
      const block = await this.#log.append([...requests.map(({ entry }) => entry), ...this.#takeMarks()]);
      this.#isUnproved = requests.length > 0;
      this.commits++;
      this.commitMsLast = this.#clock.monotonicMs() - startMs;
      this.#onCommitted({ block, requests });
    } catch (cause) {
      this.#hasFailed = true;
      const error = diskFailed(cause);
      for (const request of requests) request.reject(error);
      throw error;
    }
  }

  #takeGroup(): PendingRequest[] {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#queue) {
      bytes += entry.body.length;
      if (count > 0 && bytes > GROUP_BYTES_MAX) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}
