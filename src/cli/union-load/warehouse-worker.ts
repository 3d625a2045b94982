/** The worker thread of the warehouse: follows the feeds and writes files. Nothing in it holds the region up. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { HttpRecordFeed } from '../../adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { WarehouseSink, type WarehouseOptions } from '../../adapters/warehouse/warehouse-sink.ts';
import { assert } from '../../base/assert.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import type { FollowedRegion } from './worker-protocol.ts';

/** What the worker is started with. */
export interface WarehouseWorkerOptions extends Omit<WarehouseOptions, 'clock' | 'files' | 'onFailure'> {
  readonly regions: readonly FollowedRegion[];
}

/** What it says: why it could not do something that it will try again. */
export interface WarehouseTrouble {
  readonly trouble: string;
}

assert(parentPort !== null, 'this file runs as a worker');
const port = parentPort;
const { regions, ...options } = workerData as WarehouseWorkerOptions;
const tell = ({ message }: Error): void =>
  port.postMessage({ trouble: message } satisfies WarehouseTrouble, []);

const sink = await WarehouseSink.open({ ...options, clock: nodeClock, onFailure: tell });
const feeds = regions.flatMap(({ name, url, secret }) => {
  const reader = new RegionReader({ url, secret });
  return RECORD_KINDS.map((kind) => new HttpRecordFeed({ region: name, kind }, reader));
});
const load = new UnionLoad({ feeds, sinks: [sink], clock: nodeClock, chance: Math.random });
// The only message there is asks for the end.
port.once('message', () => {
  void load
    .stop()
    .then(() => sink.close())
    .catch(tell)
    .finally(() => port.close());
});
