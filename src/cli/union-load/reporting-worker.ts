/** The worker thread of the reporting store: follows the feeds, loads them, answers reports. Nothing in it holds the region up. */
import { parentPort, workerData } from 'node:worker_threads';
import { HttpRecordFeed } from '../../adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { SqlEngine } from '../../adapters/sql-engine/sql-engine.ts';
import { digestOf, recordsOf } from '../../adapters/reporting-store/record-audit.ts';
import { ReportingStore } from '../../adapters/reporting-store/reporting-store.ts';
import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';
import { BucketRuns } from '../../reporting/bucket-runs.ts';
import { figuresCsv } from '../../reporting/figures-csv.ts';
import { figuresReport } from '../../reporting/figures-report.ts';
import { exactJson } from '../../server/exact-json.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import { warehouseIn } from './stores.ts';
import { CampaignPoll } from './campaign-poll.ts';
import type {
  CallMessage,
  ReportingWorkerOptions,
  SentError,
  WorkerHandlers,
  WorkerMessage,
} from './worker-protocol.ts';

assert(parentPort !== null, 'this file runs as a worker');
const port = parentPort;
const say = (message: WorkerMessage): void => port.postMessage(message);

async function begin({ regions, ...options }: ReportingWorkerOptions): Promise<WorkerHandlers> {
  const store = await ReportingStore.open(options);
  const sql = await SqlEngine.open(() => store.connect(), warehouseIn(options.directory));
  const readers = regions.map(({ name, url, secret }) => ({
    name,
    reader: new RegionReader({ url, secret }),
  }));
  const feeds = readers.flatMap(({ name, reader }) =>
    RECORD_KINDS.map((kind) => new HttpRecordFeed({ region: name, kind }, reader)),
  );
  const load = new UnionLoad({ feeds, sinks: [store], clock: nodeClock, chance: Math.random });
  const campaigns = new CampaignPoll(readers[0].reader, store);
  return {
    figures: async ({ query, format }) => {
      const found = await store.figures(query);
      const report = figuresReport(query, new BucketRuns(query), found, load.status());
      return format === 'csv' ? figuresCsv(report) : exactJson(report);
    },
    sql: async (query) => exactJson(await sql.run(query)),
    records: async ({ step, ...range }) => {
      const connection = await store.connect();
      try {
        const found = step ? await digestOf(connection, range, step) : await recordsOf(connection, range);
        return JSON.stringify(found);
      } finally {
        connection.closeSync();
      }
    },
    status: () => Promise.resolve(load.status()),
    stop: async () => {
      await Promise.all([load.stop(), campaigns.stop()]);
      await store.close();
      return null;
    },
  };
}

async function reply(handlers: WorkerHandlers, { call, name, ask }: CallMessage): Promise<void> {
  try {
    const handler = handlers[name] as (asked: unknown) => Promise<unknown>;
    say({ event: 'answer', call, answer: await handler(ask) });
    if (name === 'stop') port.close();
  } catch (error) {
    say({ event: 'refusal', call, error: sent(error) });
  }
}

function sent(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof AdtallyError ? error.code : 'internal', message };
}

try {
  const handlers = await begin(workerData as ReportingWorkerOptions);
  port.on('message', (message: CallMessage) => void reply(handlers, message));
  say({ event: 'ready' });
} catch (error) {
  say({ event: 'failed', error: sent(error) });
}
