import { Worker } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { backoffMs } from '../../base/backoff.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { WarehouseStatus } from '../../reporting/reports.ts';
import type {
  WarehouseAsk,
  WarehouseState,
  WarehouseTold,
  WarehouseWorkerOptions,
} from './warehouse-worker.ts';
import { receivedError, type ReplayedRecords } from './worker-protocol.ts';

const WORKER = new URL('./warehouse-worker.ts', import.meta.url);
const FIRST_BACKOFF_MS = SECOND_MS / 2;
/** A worker that has lived so long has left behind what ended the one before. */
const SETTLED_MS = MINUTE_MS;
const STOP_MS = 10 * SECOND_MS;
/** A worker whose heap outgrows this ends and is started again: the region goes on. */
const HEAP_MIB = 1024;

/** The warehouse of a region, in a thread of its own. When the thread dies it is started again, later and later. */
export class WarehouseService {
  readonly #options: WarehouseWorkerOptions;
  readonly #tell: (error: Error) => void;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #startedAtMs = 0;
  #deaths = 0;
  #isClosing = false;
  #isPaused = false;
  #state: WarehouseStatus['state'] = 'starting';
  #error: Error | undefined;
  #restarts = 0;
  #known: WarehouseState = { feeds: [], files: 0, rowsWaiting: 0 };
  #askers: (() => void)[] = [];
  #replay:
    | { readonly resolve: (count: ReplayedRecords) => void; readonly reject: (error: Error) => void }
    | undefined;
  /** Hears of each page that a replay has taken on. */
  onRecords: (records: number) => void = () => {};
  #cancelRestart = (): void => {};

  /** `tell` hears what fails, and why a worker has ended. */
  constructor(options: WarehouseWorkerOptions, tell: (error: Error) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#start();
  }

  /** How it is now, or was when it last could say. */
  async status(): Promise<WarehouseStatus> {
    if (this.#state === 'running') {
      const told = new Promise<void>((resolve) => void this.#askers.push(resolve));
      this.#ask({ ask: 'status' });
      await told;
    }
    return {
      state: this.#state,
      error: this.#error?.message ?? null,
      restarts: this.#restarts,
      ...this.#known,
      feeds: this.#state === 'running' ? this.#known.feeds : [],
    };
  }

  replay(from: UnixMs): Promise<ReplayedRecords> {
    if (this.#state !== 'running') {
      const why = this.#error === undefined ? '' : ` ${this.#error.message}`;
      return Promise.reject(
        new AdtallyError('reporting_unavailable', `The warehouse is ${this.#state}.${why}`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#replay = { resolve, reject };
      this.#ask({ ask: 'replay', from });
    });
  }

  /** Does `work` while no worker writes, and starts one then. */
  async pause(work: () => Promise<void>): Promise<void> {
    this.#isPaused = true;
    try {
      await this.#end();
      await work();
      this.#error = undefined;
    } finally {
      this.#isPaused = false;
      if (!this.#isClosing) this.#start();
    }
  }

  /** Resolves once what was taken in is written and the worker has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#cancelRestart();
    const worker = this.#worker;
    if (worker === undefined) return;
    const cancel = nodeClock.after(STOP_MS, () => void worker.terminate());
    this.#ask({ ask: 'stop' });
    await this.#ended;
    cancel();
  }

  #ask(asked: WarehouseAsk): void {
    this.#worker?.postMessage(asked, []);
  }

  #hear(told: WarehouseTold): void {
    if (told.event === 'status') {
      this.#state = 'running';
      this.#known = told.status;
      for (const resolve of this.#askers.splice(0)) resolve();
    } else if (told.event === 'progress') {
      this.onRecords(told.records);
    } else if (told.event === 'replayed') {
      this.#replay?.resolve(told.count);
    } else if (told.event === 'replay_failed') {
      this.#replay?.reject(receivedError(told.error));
    } else {
      this.#error = adviseRebuild(receivedError(told.error));
      this.#tell(this.#error);
    }
  }

  #start(): void {
    this.#state = 'starting';
    this.#startedAtMs = nodeClock.monotonicMs();
    const worker = new Worker(WORKER, {
      workerData: this.#options,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#worker = worker;
    worker.on('message', (told: WarehouseTold) => this.#hear(told));
    worker.on('error', (error: Error) => {
      this.#error = error;
      this.#tell(error);
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#hasEnded();
        resolve();
      });
    });
  }

  #hasEnded(): void {
    this.#worker = undefined;
    this.#state = this.#isClosing ? 'closed' : 'failing';
    for (const resolve of this.#askers.splice(0)) resolve();
    this.#replay?.reject(new AdtallyError('stopping', 'The worker of the warehouse has ended.'));
    if (this.#isClosing || this.#isPaused) return;
    const lived = nodeClock.monotonicMs() - this.#startedAtMs;
    this.#deaths = lived > SETTLED_MS ? 1 : this.#deaths + 1;
    const delayMs = backoffMs(this.#deaths, FIRST_BACKOFF_MS, Math.random());
    this.#cancelRestart = nodeClock.after(delayMs, () => {
      this.#restarts++;
      this.#start();
    });
  }
}

function adviseRebuild(error: Error): Error {
  const isDamage = error instanceof AdtallyError && error.code === 'data_corrupt';
  if (!isDamage || error.message.includes('adtally rebuild')) return error;
  return new AdtallyError('data_corrupt', `${error.message} Restore it, or run "adtally rebuild warehouse".`);
}
