/**
 * The longest time that the event loop of a region with many ids gives nobody a turn, while events come steadily, the index
 * grows, and snapshots (a full one and deltas) are written.
 */
import { existsSync, openSync, readSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Region } from '../../src/embedded/ports.ts';
import { openBenchRegion } from '../rig/bench-region.ts';
import { BodySource } from '../rig/bodies.ts';
import { fill } from '../rig/child.ts';
import { answer, atMost, progress, told, withDirectory, type Outcome, type Run } from '../rig/measurement.ts';

const MILLION = 1_000_000;
const EVENTS_PER_BODY = 1000;
const EVENTS_PER_SECOND = 150_000;
const IN_FLIGHT_MAX = 100;
/** Shorter gaps are not kept. */
const NOTED_MS = 5;
const SCHEDULER = '/proc/self/schedstat';

/** A stretch without a turn of the event loop. */
interface Gap {
  readonly wallMs: number;
  /** For how long of it the thread could have run, but the machine gave it no core. */
  readonly starvedMs: number;
}

/** Times between two turns of the event loop. */
interface Turns {
  readonly count: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** How long this process's main thread has waited for a core so far, ms; 0 where the system does not tell. */
function makeStarvation(): () => number {
  if (!existsSync(SCHEDULER)) return () => 0;
  const file = openSync(SCHEDULER, 'r');
  const bytes = Buffer.alloc(128);
  return () => {
    const length = readSync(file, bytes, 0, bytes.length, 0);
    return Number(bytes.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  };
}

/** Watches the event loop while `work` runs. */
async function watch(
  work: () => Promise<void>,
): Promise<{ gaps: Gap[]; turns: Turns; gcMs: number[]; histogramMs: { p999: number; max: number } }> {
  const gaps: Gap[] = [];
  // Not an array: one of millions of values holds the loop up itself whenever it grows.
  const turnsNs = createHistogram();
  const gcMs: number[] = [];
  const observer = new PerformanceObserver((list) =>
    gcMs.push(...list.getEntries().map(({ duration }) => duration)),
  );
  observer.observe({ entryTypes: ['gc'] });
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const over = new AbortController();
  const worked = work().finally(() => over.abort());
  let lastMs = performance.now();
  const starvation = makeStarvation();
  let lastStarvedMs = starvation();
  while (!over.signal.aborted) {
    await turn();
    const nowMs = performance.now();
    const wallMs = nowMs - lastMs;
    const starvedMs = starvation();
    turnsNs.record(Math.max(1, Math.round(wallMs * 1e6)));
    if (wallMs > NOTED_MS) gaps.push({ wallMs, starvedMs: starvedMs - lastStarvedMs });
    lastMs = nowMs;
    lastStarvedMs = starvedMs;
  }
  await worked;
  histogram.disable();
  observer.disconnect();
  return {
    gaps,
    turns: { count: turnsNs.count, p999Ms: turnsNs.percentile(99.9) / 1e6, maxMs: turnsNs.max / 1e6 },
    gcMs,
    histogramMs: { p999: histogram.percentile(99.9) / 1e6, max: histogram.max / 1e6 },
  };
}

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
  const { gaps, turns, gcMs, histogramMs } = await watch(async () => {
    await load(region, bodies);
    await region.snapshot();
  });
  const after = region.status();
  await region.close();
  const snapshots = after.snapshots - before.snapshots;
  const size = `${ids / MILLION}M ids, ${EVENTS_PER_SECOND / 1000}k events/s, ${snapshots} snapshots`;
  return {
    findings: [
      atMost(
        `Longest pause of the event loop, ${size}`,
        longest(gaps.map(({ wallMs, starvedMs }) => wallMs - starvedMs)),
        50,
        ' ms',
      ),
      told('  with the time that it waited for a core', turns.maxMs, ' ms'),
      told('  p99.9 of all turns, with that time', turns.p999Ms, ' ms'),
      told('  monitorEventLoopDelay, max', histogramMs.max, ' ms'),
      told('  longest garbage collection', longest(gcMs), ' ms'),
    ],
    raw: { gaps, gcMs, histogramMs, turns, before, after },
  };
}

function longest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

await answer((run) => withDirectory(run, (directory) => measure(directory, run)));
