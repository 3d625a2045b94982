/** The worker thread of the reporting store: follows the feeds, loads them, answers reports. Nothing in it holds the region up. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { digestOf, recordsOf } from '../../adapters/reporting-store/record-audit.ts';
import { rebuildWarehouse } from '../../adapters/warehouse/warehouse-rebuild.ts';
import { assert } from '../../base/assert.ts';
import { BucketRuns } from '../../reporting/bucket-runs.ts';
import { figuresCsv } from '../../reporting/figures-csv.ts';
import { figuresReport } from '../../reporting/figures-report.ts';
import { exactJson } from '../../server/exact-json.ts';
import { replayFeeds } from '../../union-load/feed-replay.ts';
import { feedsOf } from './followed-feeds.ts';
import { makeLedger } from '../upkeep/ledger-rebuild.ts';
import { ServedStore } from './served-store.ts';
import { warehouseIn } from './stores.ts';
import {
  sentError,
  type CallMessage,
  type ReportingWorkerOptions,
  type WorkerHandlers,
  type WorkerMessage,
} from './worker-protocol.ts';

assert(parentPort !== null, 'this file runs as a worker');
const port = parentPort;
const say = (message: WorkerMessage): void => port.postMessage(message);
const onRecords = (records: number): void => say({ event: 'progress', records });

async function begin(options: ReportingWorkerOptions): Promise<WorkerHandlers> {
  const served = await ServedStore.open(options);
  const { directory, regions } = options;
  const stop = new AbortController();
  return {
    figures: ({ query, format }) =>
      served.use(async ({ store, load }) => {
        const found = await store.figures(query);
        const report = figuresReport(query, new BucketRuns(query), found, load.status());
        return format === 'csv' ? figuresCsv(report) : exactJson(report);
      }),
    sql: (query) => served.use(async ({ sql }) => exactJson(await sql.run(query))),
    status: () => served.use(({ load }) => Promise.resolve(load.status())),
    swap: async () => {
      await served.swap().catch(end);
      return null;
    },
    records: ({ step, ...range }) =>
      served.use(async ({ store }) => {
        const connection = await store.connect();
        try {
          const found = step ? await digestOf(connection, range, step) : await recordsOf(connection, range);
          return JSON.stringify(found);
        } finally {
          connection.closeSync();
        }
      }),
    makeWarehouse: () =>
      served.use(async ({ store }) => {
        const cursors = await store.cursors();
        const target = { directory: warehouseIn(directory), clock: nodeClock };
        await rebuildWarehouse({ ...target, source: store, cursors, onRecords });
        return null;
      }),
    makeLedger: ({ region }) =>
      served.use(async ({ store }) => {
        await makeLedger(directory, region, store, onRecords);
        return null;
      }),
    replay: ({ from }) =>
      served.use(({ store }) =>
        replayFeeds({ feeds: feedsOf(regions), sink: store, from, stop: stop.signal, onRecords }),
      ),
    stop: async () => {
      stop.abort();
      await served.close();
      return null;
    },
  };
}

/** A worker without a store is of no use: it is started again, with whichever store is there then. */
function end(error: unknown): never {
  say({ event: 'failed', error: sentError(error) });
  process.exit(1);
}

async function reply(handlers: WorkerHandlers, { call, name, ask }: CallMessage): Promise<void> {
  try {
    const handler = handlers[name] as (asked: unknown) => Promise<unknown>;
    say({ event: 'answer', call, answer: await handler(ask) });
    if (name === 'stop') port.close();
  } catch (error) {
    say({ event: 'refusal', call, error: sentError(error) });
  }
}

try {
  const handlers = await begin(workerData as ReportingWorkerOptions);
  port.on('message', (message: CallMessage) => void reply(handlers, message));
  say({ event: 'ready' });
} catch (error) {
  say({ event: 'failed', error: sentError(error) });
}
