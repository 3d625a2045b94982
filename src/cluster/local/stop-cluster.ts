import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { pause } from '../../base/pause.ts';
import type { ProcessHost, StopSignal } from './ports.ts';
import type { ProcessPlan } from './process-plan.ts';

const POLL_MS = 100;
/** How long one may take to stop in good order; then it is killed, which loses nothing either. */
const STOP_MS_MAX = 20_000;
const KILL_MS_MAX = 10_000;

export interface StopOptions {
  readonly host: ProcessHost;
  readonly clock: Clock;
  readonly onStopped?: (name: string, how: 'stopped' | 'killed' | 'dead') => void;
  readonly stopMsMax?: number;
}

/**
 * Stops all that runs of a cluster, what waits for others before those, and takes it out of the books. A process that the plans do
 * not know (started with other options) is stopped first. Throws AdtallyError cluster_failed when one survives even SIGKILL.
 */
export async function stopCluster(plans: readonly ProcessPlan[], options: StopOptions): Promise<void> {
  const signals = new Map(plans.map(({ name, stopSignal }) => [name, stopSignal]));
  for (const wave of stopWaves(plans, options.host.names()))
    await Promise.all(wave.map((name) => stopOne(name, signals.get(name) ?? 'SIGTERM', options)));
}

/** Which processes of `names` stop together; nobody stops before all who wait for it have. */
export function stopWaves(plans: readonly ProcessPlan[], names: readonly string[]): string[][] {
  const unknown = names.filter((name) => !plans.some((plan) => plan.name === name));
  const waves = unknown.length === 0 ? [] : [unknown];
  let left = plans;
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ waitsFor }) => waitsFor));
    const wave = left.filter(({ name }) => !needed.has(name));
    if (wave.length === 0)
      throw new Error(`These wait for each other: ${left.map((plan) => plan.name).join(', ')}`);
    waves.push(wave.map((plan) => plan.name).filter((name) => names.includes(name)));
    left = left.filter((plan) => !wave.includes(plan));
  }
  return waves.filter((wave) => wave.length > 0);
}

async function stopOne(name: string, signal: StopSignal, options: StopOptions): Promise<void> {
  const { host, onStopped, stopMsMax = STOP_MS_MAX } = options;
  if (host.find(name) === undefined) {
    host.forget(name);
    onStopped?.(name, 'dead');
    return;
  }
  host.signal(name, signal);
  const hasStopped = await isGoneWithin(name, stopMsMax, options);
  if (!hasStopped) {
    host.signal(name, 'SIGKILL');
    if (!(await isGoneWithin(name, KILL_MS_MAX, options)))
      throw new AdtallyError('cluster_failed', `Process ${name} does not end, not even by SIGKILL.`);
  }
  host.forget(name);
  onStopped?.(name, hasStopped ? 'stopped' : 'killed');
}

async function isGoneWithin(name: string, ms: number, { host, clock }: StopOptions): Promise<boolean> {
  const startMs = clock.monotonicMs();
  while (host.find(name) !== undefined) {
    if (clock.monotonicMs() - startMs > ms) return false;
    await pause(clock, POLL_MS);
  }
  return true;
}
