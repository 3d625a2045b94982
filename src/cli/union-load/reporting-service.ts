import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { backoffMs } from '../../base/backoff.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { FiguresQuery } from '../../reporting/figures.ts';
import type { RecordQuery } from '../../reporting/record-digest.ts';
import type { ReportFormat, Reports, ReportsStatus } from '../../reporting/reports.ts';
import { swapReporting } from '../upkeep/reporting-rebuild.ts';
import { rebuildIn } from './stores.ts';
import {
  receivedError,
  type CallMessage,
  type ReplayedRecords,
  type ReportingWorkerOptions,
  type WorkerCallName,
  type WorkerCalls,
  type WorkerMessage,
} from './worker-protocol.ts';

const WORKER = new URL('./reporting-worker.ts', import.meta.url);
const REBUILD_WORKER = new URL('../upkeep/rebuild-worker.ts', import.meta.url);
const FIRST_BACKOFF_MS = SECOND_MS / 2;
/** A worker that has lived so long has left behind what ended the one before. */
const SETTLED_MS = MINUTE_MS;
const STOP_MS = 10 * SECOND_MS;
const CALLS_MAX = 64;
/** A worker whose heap outgrows this ends and is started again: the region goes on. */
const HEAP_MIB = 1024;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The reporting store of a region, in a thread of its own. When the thread dies it is started again, later and later; until then reports
 * are refused, and the region goes on.
 */
export class ReportingService implements Reports {
  readonly #options: ReportingWorkerOptions;
  readonly #tell: (error: Error) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #state: ReportsStatus['state'] = 'starting';
  #error: Error | undefined;
  #startedAtMs = 0;
  #deaths = 0;
  #restarts = 0;
  #calls = 0;
  #isClosing = false;
  #isPaused = false;
  #cancelRestart = (): void => {};
  #rebuilder: Worker | undefined;
  /** Hears of each page that a rebuild or a replay has taken on. */
  onRecords: (records: number) => void = () => {};

  /** `tell` hears why a worker has ended. */
  constructor(options: ReportingWorkerOptions, tell: (error: Error) => void) {
    this.#options = options;
    this.#tell = tell;
    // What the process before was making anew when it ended.
    rmSync(rebuildIn(options.directory), { recursive: true, force: true });
    this.#start();
  }

  figures(query: FiguresQuery, format: ReportFormat): Promise<string> {
    return this.#call('figures', { query, format });
  }

  sql(query: string): Promise<string> {
    return this.#call('sql', query);
  }

  records(query: RecordQuery): Promise<string> {
    return this.#call('records', query);
  }

  async status(): Promise<ReportsStatus> {
    const feeds = this.#state === 'running' ? await this.#call('status', null).catch(() => []) : [];
    return { state: this.#state, error: this.#error?.message ?? null, restarts: this.#restarts, feeds };
  }

  /** Makes the store anew, the old one serving until then; also where the old one cannot be opened. */
  async rebuild(): Promise<void> {
    await this.#make();
    if (this.#state === 'running') return void (await this.#call('swap', null));
    await this.#pause(() => swapReporting(this.#options.directory));
  }

  /** Makes the warehouse anew from this store; nobody may write to it meanwhile. */
  async makeWarehouse(): Promise<void> {
    await this.#call('makeWarehouse', null);
  }

  /** Makes the ledger of `region` anew from this store, beside the old one. */
  async makeLedger(region: string): Promise<void> {
    await this.#call('makeLedger', { region });
  }

  replay(from: UnixMs): Promise<ReplayedRecords> {
    return this.#call('replay', { from });
  }

  /** Resolves once the worker has ended. */
  async close(): Promise<void> {
    this.#cancelRestart();
    this.#isClosing = true;
    await this.#rebuilder?.terminate();
    const worker = this.#worker;
    if (worker !== undefined) {
      const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
      const cancel = nodeClock.after(STOP_MS, () => void worker.terminate());
      // In the middle of its start nobody could tell it to stop.
      const begun = new Promise<void>((resolve) => void worker.once('message', () => resolve()));
      if (this.#state === 'starting') await Promise.race([begun, ended]);
      if (this.#state === 'running') void this.#call('stop', null).catch(() => undefined);
      await ended;
      cancel();
    }
    this.#state = 'closed';
  }

  #make(): Promise<void> {
    const worker = new Worker(REBUILD_WORKER, {
      workerData: this.#options,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#rebuilder = worker;
    return new Promise((resolve, reject) => {
      let isMade = false;
      worker.on('message', (message: WorkerMessage) => {
        if (message.event === 'progress') this.onRecords(message.records);
        else if (message.event === 'failed') reject(receivedError(message.error));
        else if (message.event === 'ready') isMade = true;
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        if (isMade) resolve();
        else reject(new AdtallyError('stopping', 'What makes the store anew has ended in the middle.'));
      });
    });
  }

  /** Does `work` while no worker runs, and starts one then. */
  async #pause(work: () => void): Promise<void> {
    this.#cancelRestart();
    this.#isPaused = true;
    try {
      await this.#worker?.terminate();
      work();
    } finally {
      this.#isPaused = false;
      this.#cancelRestart();
      if (!this.#isClosing) this.#start();
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
    worker.on('message', (message: WorkerMessage) => this.#hear(message));
    worker.on('error', (error: Error) => (this.#error = error));
    worker.on('exit', () => this.#hasEnded());
  }

  #call<Name extends WorkerCallName>(
    name: Name,
    ask: WorkerCalls[Name]['ask'],
  ): Promise<WorkerCalls[Name]['answer']> {
    if (this.#state !== 'running') return Promise.reject(this.#unavailable());
    if (this.#waiting.size >= CALLS_MAX && name !== 'stop') {
      return Promise.reject(
        new AdtallyError('overloaded', `${CALLS_MAX} reports wait to be made.`, { retryAfterSeconds: 1 }),
      );
    }
    const message: CallMessage = { call: ++this.#calls, name, ask };
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.call, { resolve: resolve as (answer: unknown) => void, reject });
      this.#worker!.postMessage(message, []);
    });
  }

  #hear(message: WorkerMessage): void {
    if (message.event === 'progress') {
      this.onRecords(message.records);
    } else if (message.event === 'ready') {
      this.#state = 'running';
    } else if (message.event === 'failed') {
      this.#error = receivedError(message.error);
    } else {
      const waiting = this.#waiting.get(message.call);
      this.#waiting.delete(message.call);
      if (message.event === 'answer') waiting?.resolve(message.answer);
      else waiting?.reject(receivedError(message.error));
    }
  }

  #hasEnded(): void {
    this.#worker = undefined;
    const refusal = this.#unavailable();
    for (const { reject } of this.#waiting.values()) reject(refusal);
    this.#waiting.clear();
    this.#state = 'failing';
    if (this.#isClosing || this.#isPaused) return;
    this.#error ??= new Error('The worker of the reporting store has ended.');
    this.#tell(this.#error);
    const lived = nodeClock.monotonicMs() - this.#startedAtMs;
    this.#deaths = lived > SETTLED_MS ? 1 : this.#deaths + 1;
    this.#cancelRestart = nodeClock.after(backoffMs(this.#deaths, FIRST_BACKOFF_MS, Math.random()), () => {
      this.#restarts++;
      this.#state = 'starting';
      this.#start();
    });
  }

  #unavailable(): AdtallyError {
    const why = this.#error === undefined ? '' : ` It ended before: ${this.#error.message}`;
    return new AdtallyError('reporting_unavailable', `The reporting store is ${this.#state}.${why}`);
  }
}
