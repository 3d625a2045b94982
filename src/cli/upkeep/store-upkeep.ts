import { AdtallyError } from '../../base/errors.ts';
import type { Clock, UnixMs } from '../../base/clock.ts';
import { formatTime } from '../../model/event-time.ts';
import type { ReplayCount, StoreName, Upkeep, UpkeepTask } from '../../union-load/ports.ts';
import type { OpenedBudget } from '../budget/region-budget.ts';
import { madeLedgerIn } from './ledger-rebuild.ts';
import type { ReportingService } from '../union-load/reporting-service.ts';
import type { WarehouseService } from '../union-load/warehouse-service.ts';

export interface StoreUpkeepOptions {
  readonly region: string;
  /** The data directory, absolute. */
  readonly directory: string;
  readonly reporting: ReportingService | undefined;
  readonly warehouse: WarehouseService | undefined;
  readonly budget: OpenedBudget | undefined;
  /** Of what time the region still holds all records, Unix ms. */
  readonly heldFrom: () => UnixMs;
  readonly clock: Pick<Clock, 'now'>;
}

/** Makes the stores of a running region anew, or reads the feeds again: one task at a time. */
export class StoreUpkeep implements Upkeep {
  readonly #options: StoreUpkeepOptions;
  readonly #stop = new AbortController();
  #task: UpkeepTask | null = null;

  constructor(options: StoreUpkeepOptions) {
    this.#options = options;
    const onRecords = (records: number): void =>
      this.#note({ records: (this.#task?.records ?? 0) + records });
    if (options.reporting !== undefined) options.reporting.onRecords = onRecords;
    if (options.warehouse !== undefined) options.warehouse.onRecords = onRecords;
  }

  task(): UpkeepTask | null {
    return this.#task;
  }

  async rebuild(store: StoreName): Promise<void> {
    const { reporting, warehouse, budget, directory, region } = this.#options;
    if (reporting === undefined || (store === 'warehouse' && warehouse === undefined)) {
      throw new AdtallyError(
        'not_found',
        'This region runs without that store, or without the one to make it from.',
      );
    }
    await this.#run(`rebuild ${store}`, async () => {
      if (store === 'reporting') {
        this.#note({ step: 'reading the warehouse, then the feeds' });
        await reporting.rebuild();
      } else if (store === 'warehouse') {
        this.#note({ step: 'reading the reporting store' });
        await warehouse!.pause(() => reporting.makeWarehouse());
      } else {
        if (budget === undefined) throw new AdtallyError('not_found', 'This region runs without budgets.');
        this.#note({ step: 'reading the reporting store' });
        await reporting.makeLedger(region);
        budget.takeLedger(madeLedgerIn(directory));
        await budget.service.catchUp();
      }
    });
  }

  async replay(from: UnixMs): Promise<readonly ReplayCount[]> {
    const heldFrom = this.#options.heldFrom();
    if (from < heldFrom) {
      const detail = `The region holds all records from ${formatTime(heldFrom)} on, not from ${formatTime(from)}. For what is older, "adtally rebuild STORE" makes a store anew from another one.`;
      throw new AdtallyError('bad_request', detail);
    }
    const { reporting, warehouse, budget } = this.#options;
    return this.#run('replay', async () => {
      const counts: ReplayCount[] = [];
      const stores = [
        ['reporting', reporting && (() => reporting.replay(from))],
        ['warehouse', warehouse && (() => warehouse.replay(from))],
        ['budget', budget && (() => this.#replayBudget(budget, from))],
      ] as const;
      for (const [store, replay] of stores) {
        if (replay === undefined) continue;
        this.#note({ step: `bringing ${store} up to the feeds` });
        counts.push({ store, ...(await replay()) });
      }
      this.#note({ counts });
      return counts;
    });
  }

  /** Breaks off what can be. */
  close(): void {
    this.#stop.abort();
  }

  #replayBudget({ service }: OpenedBudget, from: UnixMs): Promise<Omit<ReplayCount, 'store'>> {
    return service.replay(from, this.#stop.signal, (records) =>
      this.#note({ records: (this.#task?.records ?? 0) + records }),
    );
  }

  async #run<Result>(task: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#task?.state === 'running') {
      const detail = `"${this.#task.task}" is under way; one such task runs at a time.`;
      throw new AdtallyError('overloaded', detail, { retryAfterSeconds: 5 });
    }
    const startedAt = this.#options.clock.now();
    const begun = { task, state: 'running', step: 'beginning', records: 0, startedAt } as const;
    this.#task = { ...begun, endedAt: null, error: null, counts: null };
    try {
      const result = await work();
      this.#note({ state: 'done', step: 'done', endedAt: this.#options.clock.now() });
      return result;
    } catch (error) {
      const { message } = error as Error;
      this.#note({ state: 'failed', error: message, endedAt: this.#options.clock.now() });
      throw error;
    }
  }

  #note(news: Partial<UpkeepTask>): void {
    if (this.#task !== null) this.#task = { ...this.#task, ...news };
  }
}
