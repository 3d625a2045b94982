import { Worker } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { backoffMs } from '../../base/backoff.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import type { WarehouseTrouble, WarehouseWorkerOptions } from './warehouse-worker.ts';

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
  #cancelRestart = (): void => {};

  /** `tell` hears what fails, and why a worker has ended. */
  constructor(options: WarehouseWorkerOptions, tell: (error: Error) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#start();
  }

  /** Resolves once what was taken in is written and the worker has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#cancelRestart();
    const worker = this.#worker;
    if (worker === undefined) return;
    const cancel = nodeClock.after(STOP_MS, () => void worker.terminate());
    worker.postMessage('stop', []);
    await this.#ended;
    cancel();
  }

  #start(): void {
    this.#startedAtMs = nodeClock.monotonicMs();
    const worker = new Worker(WORKER, {
      workerData: this.#options,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#worker = worker;
    worker.on('message', ({ trouble }: WarehouseTrouble) => this.#tell(new Error(trouble)));
    worker.on('error', (error: Error) => this.#tell(error));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#hasEnded();
        resolve();
      });
    });
  }

  #hasEnded(): void {
    this.#worker = undefined;
    if (this.#isClosing) return;
    const lived = nodeClock.monotonicMs() - this.#startedAtMs;
    this.#deaths = lived > SETTLED_MS ? 1 : this.#deaths + 1;
    const delayMs = backoffMs(this.#deaths, FIRST_BACKOFF_MS, Math.random());
    this.#cancelRestart = nodeClock.after(delayMs, () => this.#start());
  }
}
