import { randomBytes } from 'node:crypto';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { HOUR_MS } from '../../src/base/units.ts';
import { ENTRY_KIND } from '../../src/embedded/log/entry.ts';
import { LogWriter } from '../../src/embedded/log/log-writer.ts';
import { CONTENT, EventBatch, ID, ROW_WORDS } from '../../src/embedded/scan/event-batch.ts';
import { recover } from '../../src/embedded/snapshot/recovery.ts';
import { Snapshotter } from '../../src/embedded/snapshot/snapshotter.ts';
import { TouchFiles } from '../../src/embedded/touches/touch-files.ts';
import type { DedupeIndex } from '../../src/embedded/dedupe/dedupe-index.ts';
import { Random } from '../../src/generator/random.ts';
import { generationOf } from '../../src/pipeline/aggregation.ts';
import { rulesOf } from '../../src/pipeline/pipeline-rules.ts';
import { ingestAll, benchSpec, openBenchRegion } from './bench-region.ts';
import { BodySource } from './bodies.ts';

const BATCH_ROWS = 512;
/** The ids are spread over the hours of a day, as a region has them that has run for a day. */
const HOURS = 23;
/** Share of the ids in the full part of the snapshot; with the rest as a delta, the next snapshot is a full one. */
const FULL_SHARE = 0.45;
/** How often the list of new ids is let go while the index is filled. */
const FORGET_NEWS_EVERY = 2_000_000;

/**
 * Makes a data directory that remembers `ids` random ids, as if they had come over the last day: they are put into the dedupe
 * index through its own interface, and saved by the engine's own snapshots (one full, one delta). Then `tailEvents` events are
 * sent the usual way and left behind the snapshot, and the region is not closed.
 */
export async function fillDirectory(directory: string, ids: number, tailEvents = 0): Promise<void> {
  const spec = benchSpec();
  const disk = new NodeDisk(directory);
  const { manifest, state, end } = await recover(disk, 'a', spec, (bytes) => randomBytes(bytes));
  const log = await LogWriter.open(disk, Buffer.from(manifest.dataId, 'hex'), end, {
    bytes: spec.logSegment,
    spanMs: HOUR_MS,
  });
  const snapshotter = new Snapshotter(
    disk,
    nodeClock,
    new TouchFiles(disk, nodeClock, manifest.dataId),
    manifest,
    0,
  );
  const random = new Random(ids);
  const body = Buffer.from(JSON.stringify(rulesOf(spec)));
  for (const total of [Math.round(ids * FULL_SHARE), ids]) {
    const block = await log.append([{ kind: ENTRY_KIND.rules, arrival: Date.now(), body }]);
    for (const entry of block.entries) state.apply(entry, 0);
    state.scalars.block = block.number;
    fillIndex(state.ids, total, random, total < ids);
    await snapshotter.take(state, log.segments);
  }
  await log.close();
  await state.touches.close();
  if (tailEvents > 0) await leaveTail(directory, tailEvents);
}

function fillIndex(index: DedupeIndex, total: number, random: Random, forgetNews: boolean): void {
  const { words } = new EventBatch(BATCH_ROWS);
  const rows = Int32Array.from({ length: BATCH_ROWS }, (_, row) => row);
  const generation = generationOf(Date.now());
  let newsDue = FORGET_NEWS_EVERY;
  while (index.size < total) {
    for (let row = 0; row < BATCH_ROWS; row++) {
      for (let word = 0; word < 4; word++) words[row * ROW_WORDS + ID + word] = random.word();
      words[row * ROW_WORDS + CONTENT] = random.word();
    }
    const hour = Math.floor((index.size / total) * HOURS);
    index.locate(words, rows, BATCH_ROWS);
    for (let n = 0; n < BATCH_ROWS; n++) {
      if (index.seen(n) === 0) index.add(n, generation - HOURS + 1 + hour);
    }
    if (forgetNews && index.size >= newsDue) {
      newsDue += FORGET_NEWS_EVERY;
      index.beginSnapshot('delta');
      for (let n = 0; n < index.slices; n++) index.slice(n);
      index.endSnapshot();
    }
  }
}

async function leaveTail(directory: string, events: number): Promise<void> {
  // As much as this never causes a snapshot.
  const region = await openBenchRegion(directory, { snapshotAfter: '64GiB' });
  const source = new BodySource(events, 1000);
  for (let sent = 0; sent < events; sent += 100_000) {
    await ingestAll(region, source.make(Math.min(100_000, events - sent)));
  }
}
