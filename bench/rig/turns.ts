import { existsSync, openSync, readSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** Shorter gaps are not kept. */
const NOTED_MS = 5;
const SCHEDULER = '/proc/self/schedstat';

/** A stretch without a turn of the event loop. */
interface Gap {
  readonly wallMs: number;
  /** For how long of it the thread could have run, but the machine gave it no core. */
  readonly starvedMs: number;
  /** For how long of it the thread ran: what is missing it waited for a disk, or for the collector's other threads. */
  readonly cpuMs: number;
}

/** How the event loop went round while something ran. */
export interface Turns {
  readonly gaps: readonly Gap[];
  /** The longest time between two turns, without that in which the thread waited for a core. */
  readonly longestMs: number;
  /** The most time that the thread ran between two turns. */
  readonly longestCpuMs: number;
  /** All times between two turns, with that in which it waited for a core. */
  readonly turns: { readonly count: number; readonly p999Ms: number; readonly maxMs: number };
  readonly gcMs: readonly number[];
  readonly longestGcMs: number;
  /** What monitorEventLoopDelay says of the same time. */
  readonly histogramMs: { readonly p999: number; readonly max: number };
}

/** Watches the event loop while `work` runs. */
export async function watchTurns(work: () => Promise<void>): Promise<Turns> {
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
  let lastCpuMs = cpuOfThread();
  while (!over.signal.aborted) {
    await turn();
    const nowMs = performance.now();
    const wallMs = nowMs - lastMs;
    const starvedMs = starvation();
    const cpuMs = cpuOfThread();
    turnsNs.record(Math.max(1, Math.round(wallMs * 1e6)));
    if (wallMs > NOTED_MS)
      gaps.push({ wallMs, starvedMs: starvedMs - lastStarvedMs, cpuMs: cpuMs - lastCpuMs });
    lastMs = nowMs;
    lastStarvedMs = starvedMs;
    lastCpuMs = cpuMs;
  }
  await worked;
  histogram.disable();
  observer.disconnect();
  return {
    gaps,
    longestMs: longest(gaps.map(({ wallMs, starvedMs }) => wallMs - starvedMs)),
    longestCpuMs: longest(gaps.map(({ cpuMs }) => cpuMs)),
    turns: { count: turnsNs.count, p999Ms: turnsNs.percentile(99.9) / 1e6, maxMs: turnsNs.max / 1e6 },
    gcMs,
    longestGcMs: longest(gcMs),
    histogramMs: { p999: histogram.percentile(99.9) / 1e6, max: histogram.max / 1e6 },
  };
}

/** How long this process's main thread has waited for a core so far, ms; 0 where the system does not tell. */
export function makeStarvation(): () => number {
  if (!existsSync(SCHEDULER)) return () => 0;
  const file = openSync(SCHEDULER, 'r');
  const bytes = Buffer.alloc(128);
  return () => {
    const length = readSync(file, bytes, 0, bytes.length, 0);
    return Number(bytes.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  };
}

function cpuOfThread(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function longest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
