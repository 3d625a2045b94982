import { setTimeout as sleep } from 'node:timers/promises';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { SqlEngine } from '../../adapters/sql-engine/sql-engine.ts';
import { ReportingStore } from '../../adapters/reporting-store/reporting-store.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import { CampaignPoll } from './campaign-poll.ts';
import { feedsOf } from './followed-feeds.ts';
import { swapReporting } from '../upkeep/reporting-rebuild.ts';
import { warehouseIn } from './stores.ts';
import type { ReportingWorkerOptions } from './worker-protocol.ts';

const LOOK_MS = 5;

interface Opened {
  readonly store: ReportingStore;
  readonly sql: SqlEngine;
  readonly load: UnionLoad;
  readonly campaigns: CampaignPoll;
}

/** The reporting store with all that fills it, and what becomes of it while another one takes its place. */
export class ServedStore {
  readonly #options: ReportingWorkerOptions;
  #opened: Promise<Opened>;
  /** Calls under way. */
  #uses = 0;

  private constructor(options: ReportingWorkerOptions, opened: Opened) {
    this.#options = options;
    this.#opened = Promise.resolve(opened);
  }

  static async open(options: ReportingWorkerOptions): Promise<ServedStore> {
    return new ServedStore(options, await openAll(options));
  }

  /** Calls `use` with what is open, once a swap that is under way is over. */
  async use<Result>(use: (opened: Opened) => Promise<Result>): Promise<Result> {
    for (let opened = this.#opened; ;) {
      const all = await opened;
      if (opened !== this.#opened) {
        opened = this.#opened;
        continue;
      }
      this.#uses++;
      try {
        return await use(all);
      } finally {
        this.#uses--;
      }
    }
  }

  /** Serves the store that was made beside this one. Rejects when it cannot be opened: nothing is served then. */
  async swap(): Promise<void> {
    const before = this.#opened;
    this.#opened = (async () => {
      const all = await before;
      while (this.#uses > 0) await sleep(LOOK_MS);
      await closeAll(all);
      swapReporting(this.#options.directory);
      return openAll(this.#options);
    })();
    await this.#opened;
  }

  async close(): Promise<void> {
    await closeAll(await this.#opened);
  }
}

async function openAll({ regions, ...options }: ReportingWorkerOptions): Promise<Opened> {
  const store = await ReportingStore.open(options);
  const sql = await SqlEngine.open(() => store.connect(), warehouseIn(options.directory));
  const load = new UnionLoad({
    feeds: feedsOf(regions),
    sinks: [store],
    clock: nodeClock,
    chance: Math.random,
  });
  const { url, secret } = regions[0];
  return { store, sql, load, campaigns: new CampaignPoll(new RegionReader({ url, secret }), store) };
}

async function closeAll({ store, load, campaigns }: Opened): Promise<void> {
  await Promise.all([load.stop(), campaigns.stop()]);
  await store.close();
}
