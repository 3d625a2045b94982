import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { pause } from '../../base/pause.ts';
import type { ProcessHost, ReadinessProbe, StartedProcess } from './ports.ts';
import { readinessSince, type ProcessPlan } from './process-plan.ts';

const PROBE_PAUSE_MS = 250;
/** A busy machine starts a JVM in half a minute; what takes six times as long will not come. */
const READY_MS_MAX = 180_000;
const LOG_LINES = 20;
/** How far back the error is that a process ends for: a JVM tells much of how it stops after it. */
const LOG_LINES_SEARCHED = 2000;
const ERROR_LINE = /\b(?:ERROR|FATAL|PANIC)\b|^Exception in thread|^Error: |OutOfMemoryError/;

export interface StartOptions {
  readonly host: ProcessHost;
  readonly probe: ReadinessProbe;
  readonly clock: Clock;
  readonly onReady?: (ready: ReadyProcess) => void;
  readonly readyMsMax?: number;
}

export interface ReadyProcess {
  readonly name: string;
  readonly process: StartedProcess;
  /** Whether it ran before. */
  readonly isKept: boolean;
  readonly tookMs: number;
}

/**
 * Starts what does not run, each as soon as all it waits for is ready, and waits until everything is. What runs already is left as it is, and
 * started when it ends meanwhile.
 * Throws AdtallyError cluster_failed, with the last error in its log, when one dies or does not get ready; what is up by then stays up.
 */
export async function startCluster(plans: readonly ProcessPlan[], options: StartOptions): Promise<void> {
  const failed = new AbortController();
  const starts = new Map<string, Promise<void>>();
  for (const plan of plans) {
    const before = plan.waitsFor.map((name) => starts.get(name) ?? Promise.resolve());
    starts.set(plan.name, startAfter(before, plan, options, failed));
  }
  const ends = await Promise.allSettled(starts.values());
  // The others only say that they were given up because of it.
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function startAfter(
  before: readonly Promise<void>[],
  plan: ProcessPlan,
  options: StartOptions,
  failed: AbortController,
): Promise<void> {
  await Promise.all(before);
  failed.signal.throwIfAborted();
  try {
    await startOne(plan, options, failed.signal);
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

async function startOne(plan: ProcessPlan, options: StartOptions, failed: AbortSignal): Promise<void> {
  const { host, clock, onReady } = options;
  const startMs = clock.monotonicMs();
  const running = host.find(plan.name);
  // One that ends while others come back is down like any other: it is started.
  const isKept = running !== undefined && (await isReadyAtLast(plan, running, options, failed));
  const process = isKept ? running : await host.start(plan);
  if (!isKept && !(await isReadyAtLast(plan, process, options, failed)))
    throw failure(plan, host, 'ended while it was starting');
  onReady?.({ name: plan.name, process, isKept, tookMs: clock.monotonicMs() - startMs });
}

/** Waits until the process serves; false when it ends before. */
async function isReadyAtLast(
  plan: ProcessPlan,
  { startedAt }: StartedProcess,
  options: StartOptions,
  failed: AbortSignal,
): Promise<boolean> {
  const { host, probe, clock, readyMsMax = READY_MS_MAX } = options;
  const readiness = readinessSince(plan, startedAt);
  const startMs = clock.monotonicMs();
  for (;;) {
    failed.throwIfAborted();
    const isReady = await probe.isReady(readiness);
    // Looked at after the probe: whoever answered may be another process on the same port.
    if (host.find(plan.name) === undefined) return false;
    if (isReady) return true;
    const waitedMs = clock.monotonicMs() - startMs;
    if (waitedMs > readyMsMax)
      throw failure(plan, host, `runs, but was not ready within ${Math.round(waitedMs / 1000)} s`);
    await pause(clock, PROBE_PAUSE_MS);
  }
}

function failure({ name }: ProcessPlan, host: ProcessHost, what: string): AdtallyError {
  return new AdtallyError(
    'cluster_failed',
    `Process ${name} ${what}. ${told(host.lastLines(name, LOG_LINES_SEARCHED))}`,
  );
}

function told(lines: readonly string[]): string {
  if (lines.length === 0) return 'Its log is empty.';
  const end = lines.slice(-LOG_LINES);
  const last = lines.findLastIndex((line) => ERROR_LINE.test(line));
  if (last === -1 || last >= lines.length - LOG_LINES) return `The end of its log:\n  ${end.join('\n  ')}`;
  const error = lines.slice(last, last + LOG_LINES);
  return `The last error in its log:\n  ${error.join('\n  ')}`;
}
