import { mkdirSync, existsSync, rmSync, renameSync, openSync, fsyncSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { ReportingStore } from '../../adapters/reporting-store/reporting-store.ts';
import { WarehouseRecords } from '../../adapters/warehouse/warehouse-records.ts';
import { AdtallyError } from '../../base/errors.ts';
import { fillFrom } from '../../union-load/record-fill.ts';
import { UnionLoad } from '../../union-load/union-load.ts';
import { feedsOf } from '../union-load/followed-feeds.ts';
import { rebuildIn, reportingIn, warehouseIn } from '../union-load/stores.ts';
import type { ReportingWorkerOptions } from '../union-load/worker-protocol.ts';

const LOOK_MS = 50;

/**
 * Makes the reporting store of a data directory anew, beside the old one: from the warehouse, then from the feeds until it has
 * caught up with each of them. Without regions, from the warehouse alone. `onRecords` hears how many records have come.
 */
export async function makeReporting(
  { regions, ...options }: ReportingWorkerOptions,
  onRecords: (records: number) => void,
): Promise<void> {
  const { directory } = options;
  const beside = rebuildIn(directory);
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside);
  const store = await ReportingStore.open({ ...options, directory: beside });
  try {
    await fillFrom(new WarehouseRecords(warehouseIn(directory), join(beside, 'spill')), store, onRecords);
    if (regions.length > 0) await follow(store, regions, onRecords);
  } finally {
    await store.close();
  }
}

async function follow(
  store: ReportingStore,
  regions: ReportingWorkerOptions['regions'],
  onRecords: (records: number) => void,
): Promise<void> {
  const load = new UnionLoad({
    feeds: feedsOf(regions),
    sinks: [store],
    clock: nodeClock,
    chance: Math.random,
  });
  let told = 0;
  for (;;) {
    await sleep(LOOK_MS);
    const feeds = load.status();
    const records = feeds.reduce((sum, feed) => sum + feed.records, 0);
    onRecords(records - told);
    told = records;
    // Everything of now is in it, or the region does not answer: its records of before are in the warehouse, and follow later.
    if (feeds.every(({ caughtUp, failures }) => caughtUp || failures >= 3)) break;
  }
  await load.stop();
}

/** Puts the store that was made in the place of the old one, which nobody has open. A crash leaves the one or the other. */
export function swapReporting(directory: string): void {
  const [made, old] = [reportingIn(rebuildIn(directory)), reportingIn(directory)];
  if (!existsSync(made) || existsSync(`${made}.wal`)) {
    throw new AdtallyError('disk_failed', `${made} is not complete: nothing was replaced.`);
  }
  sync(made);
  // A log of the old file would be taken for one of the new file.
  rmSync(`${old}.wal`, { force: true });
  sync(directory);
  renameSync(made, old);
  sync(directory);
  rmSync(rebuildIn(directory), { recursive: true, force: true });
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
