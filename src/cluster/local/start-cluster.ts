import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { pause } from '../../base/pause.ts';
import type { ProcessHost, ReadinessProbe, StartedProcess } from './ports.ts';
import { readinessSince, type ProcessPlan, type Readiness } from './process-plan.ts';

const PROBE_PAUSE_MS = 250;
/** A busy machine starts a JVM in half a minute; what takes six times as long will not come. */
const READY_MS_MAX = 180_000;
const LOG_LINES = 20;

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
 * Starts what does not run, each as soon as all it waits for is ready, and waits until everything is. What runs already is left as it is.
 * Throws AdtallyError cluster_failed, with the end of its log, when one dies or does not get ready; what is up by then stays up.
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
  const started = running ?? (await host.start(plan));
  await waitUntilReady(plan, readinessSince(plan, started.startedAt), options, failed);
  onReady?.({
    name: plan.name,
    process: started,
    isKept: running !== undefined,
    tookMs: clock.monotonicMs() - startMs,
  });
}

async function waitUntilReady(
  plan: ProcessPlan,
  readiness: Readiness,
  options: StartOptions,
  failed: AbortSignal,
): Promise<void> {
  const { host, probe, clock, readyMsMax = READY_MS_MAX } = options;
  const startMs = clock.monotonicMs();
  for (;;) {
    failed.throwIfAborted();
    const isReady = await probe.isReady(readiness);
    // Looked at after the probe: whoever answered may be another process on the same port.
    if (host.find(plan.name) === undefined) throw failure(plan, host, 'ended while it was starting');
    if (isReady) return;
    const waitedMs = clock.monotonicMs() - startMs;
    if (waitedMs > readyMsMax)
      throw failure(plan, host, `runs, but was not ready within ${Math.round(waitedMs / 1000)} s`);
    await pause(clock, PROBE_PAUSE_MS);
  }
}

function failure({ name }: ProcessPlan, host: ProcessHost, what: string): AdtallyError {
  const lines = host.lastLines(name, LOG_LINES);
  const log = lines.length === 0 ? 'Its log is empty.' : `The end of its log:\n  ${lines.join('\n  ')}`;
  return new AdtallyError('cluster_failed', `Process ${name} ${what}. ${log}`);
}
