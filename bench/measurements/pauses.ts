/**
 * The longest time that the event loop of a region with many ids gives nobody a turn, while events come steadily, the index
 * grows, and snapshots (a full one and deltas) are written.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Region } from '../../src/embedded/ports.ts';
import { openBenchRegion } from '../rig/bench-region.ts';
import { BodySource } from '../rig/bodies.ts';
import { fill } from '../rig/child.ts';
import { answer, atMost, progress, told, withDirectory, type Outcome, type Run } from '../rig/measurement.ts';
import { watchTurns } from '../rig/turns.ts';

const MILLION = 1_000_000;
const EVENTS_PER_BODY = 1000;
const EVENTS_PER_SECOND = 150_000;
const IN_FLIGHT_MAX = 100;

/** Sends evenly; only when very many requests wait for their answers it waits, too. */
async function load(region: Region, bodies: readonly Uint8Array[]): Promise<void> {
  const startMs = performance.now();
  const answers = new Set<Promise<unknown>>();
  for (const [n, body] of bodies.entries()) {
    const waitMs = startMs + (n * EVENTS_PER_BODY * 1000) / EVENTS_PER_SECOND - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    while (answers.size >= IN_FLIGHT_MAX) await Promise.race(answers);
    const answered = region.ingest(body, 'ndjson').finally(() => answers.delete(answered));
    answers.add(answered);
  }
  await Promise.all(answers);
}

async function measure(directory: string, { isQuick }: Run): Promise<Outcome> {
  const ids = (isQuick ? 5 : 50) * MILLION;
  progress(`filling in ${ids / MILLION}M ids`);
  await fill(directory, ids, 0);
  const bodies = new BodySource(3, EVENTS_PER_BODY).make((isQuick ? 1.3 : 3) * MILLION);
  const region = await openBenchRegion(directory);
  // Compiling the engine is not what is looked for.
  await load(region, bodies.splice(0, 200));
  const before = region.status();
  const turns = await watchTurns(async () => {
    await load(region, bodies);
    await region.snapshot();
  });
  const after = region.status();
  await region.close();
  const snapshots = after.snapshots - before.snapshots;
  const size = `${ids / MILLION}M ids, ${EVENTS_PER_SECOND / 1000}k events/s, ${snapshots} snapshots`;
  return {
    findings: [
      atMost(`Longest pause of the event loop, ${size}`, turns.longestMs, 50, ' ms'),
      told('  with the time that it waited for a core', turns.turns.maxMs, ' ms'),
      told('  p99.9 of all turns, with that time', turns.turns.p999Ms, ' ms'),
      told('  monitorEventLoopDelay, max', turns.histogramMs.max, ' ms'),
      told('  longest garbage collection', turns.longestGcMs, ' ms'),
    ],
    raw: { ...turns, before, after },
  };
}

await answer((run) => withDirectory(run, (directory) => measure(directory, run)));
