/** The worker thread of the warehouse: follows the feeds and writes files. Nothing in it holds the region up. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { WarehouseSink, type WarehouseOptions } from '../../adapters/warehouse/warehouse-sink.ts';
import { assert } from '../../base/assert.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { FeedLoadStatus } from '../../union-load/feed-loader.ts';
import { replayFeeds } from '../../union-load/feed-replay.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import { feedsOf } from './followed-feeds.ts';
import { sentError, type FollowedRegion, type ReplayedRecords, type SentError } from './worker-protocol.ts';

/** What the worker is started with. */
export interface WarehouseWorkerOptions extends Omit<WarehouseOptions, 'clock' | 'files' | 'onFailure'> {
  readonly regions: readonly FollowedRegion[];
}

/** How it is. */
export interface WarehouseState {
  readonly feeds: readonly FeedLoadStatus[];
  /** Published files. */
  readonly files: number;
  /** Rows in memory. */
  readonly rowsWaiting: number;
}

/** What it is asked. */
export type WarehouseAsk =
  | { readonly ask: 'stop' }
  | { readonly ask: 'status' }
  | { readonly ask: 'replay'; readonly from: UnixMs };

/** What it says: how it is; why it could not do something that it will try again, or cannot go on; how a replay went. */
export type WarehouseTold =
  | { readonly event: 'status'; readonly status: WarehouseState }
  | { readonly event: 'trouble' | 'failed' | 'replay_failed'; readonly error: SentError }
  | { readonly event: 'progress'; readonly records: number }
  | { readonly event: 'replayed'; readonly count: ReplayedRecords };

assert(parentPort !== null, 'this file runs as a worker');
const port = parentPort;
const say = (told: WarehouseTold): void => port.postMessage(told, []);
const tell = (error: unknown): void => say({ event: 'trouble', error: sentError(error) });
const onRecords = (records: number): void => say({ event: 'progress', records });
const { regions, ...options } = workerData as WarehouseWorkerOptions;

async function begin(): Promise<void> {
  const sink = await WarehouseSink.open({ ...options, clock: nodeClock, onFailure: tell });
  const load = new UnionLoad({
    feeds: feedsOf(regions),
    sinks: [sink],
    clock: nodeClock,
    chance: Math.random,
  });
  const stopping = new AbortController();
  const answers = {
    status: () => say({ event: 'status', status: { feeds: load.status(), ...sink.status() } }),
    replay: (from: UnixMs) => {
      void replayFeeds({ feeds: feedsOf(regions), sink, from, stop: stopping.signal, onRecords }).then(
        (count) => say({ event: 'replayed', count }),
        (error: unknown) => say({ event: 'replay_failed', error: sentError(error) }),
      );
    },
    stop: () => {
      stopping.abort();
      void load
        .stop()
        .then(() => sink.close())
        .catch(tell)
        .finally(() => port.close());
    },
  };
  port.on('message', (asked: WarehouseAsk) => {
    if (asked.ask === 'replay') answers.replay(asked.from);
    else answers[asked.ask]();
  });
  answers.status();
}

await begin().catch((error: unknown) => {
  say({ event: 'failed', error: sentError(error) });
  port.close();
});
