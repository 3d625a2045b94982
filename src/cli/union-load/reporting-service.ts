import { Worker } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { backoffMs } from '../../base/backoff.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import type { FiguresQuery } from '../../reporting/figures.ts';
import type { RecordQuery } from '../../reporting/record-digest.ts';
import type { ReportFormat, Reports, ReportsStatus } from '../../reporting/reports.ts';
import type {
  CallMessage,
  ReportingWorkerOptions,
  SentError,
  WorkerCallName,
  WorkerCalls,
  WorkerMessage,
} from './worker-protocol.ts';

const WORKER = new URL('./reporting-worker.ts', import.meta.url);
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
  #cancelRestart = (): void => {};

  /** `tell` hears why a worker has ended. */
  constructor(options: ReportingWorkerOptions, tell: (error: Error) => void) {
    this.#options = options;
    this.#tell = tell;
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

  /** Resolves once the worker has ended. */
  async close(): Promise<void> {
    this.#cancelRestart();
    this.#isClosing = true;
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

  #start(): void {
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
    if (message.event === 'ready') {
      this.#state = 'running';
    } else if (message.event === 'failed') {
      this.#error = asError(message.error);
    } else {
      const waiting = this.#waiting.get(message.call);
      this.#waiting.delete(message.call);
      if (message.event === 'answer') waiting?.resolve(message.answer);
      else waiting?.reject(asError(message.error));
    }
  }

  #hasEnded(): void {
    this.#worker = undefined;
    const refusal = this.#unavailable();
    for (const { reject } of this.#waiting.values()) reject(refusal);
    this.#waiting.clear();
    this.#state = 'failing';
    if (this.#isClosing) return;
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

function asError({ code, message }: SentError): Error {
  return code === 'internal' ? new Error(message) : new AdtallyError(code, message);
}
