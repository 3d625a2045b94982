import type { Command } from 'commander';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { formatDuration } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { givenArguments } from '../settings-options.ts';
import type { StopSignal } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { planRegions, type RegionPlan } from './region-plan.ts';
import type { Death } from './restart-pauses.ts';
import type { SupervisorEvent } from './supervised-region.ts';
import { Supervisor } from './supervisor.ts';

/** Supervised regions that have been started. */
export interface Supervised {
  readonly supervisor: Supervisor;
  readonly plans: readonly RegionPlan[];
  /** Waits until a stop is asked for, or no region can come up; resolves to the exit code. */
  readonly untilStopped: () => Promise<number>;
}

/** Starts every region of the spec as a process of its own and says what happens to them. Throws AdtallyError config_invalid. */
export async function superviseRegions(
  spec: PipelineSpec,
  command: Command,
  isDemo: boolean,
  stop: StopSignal,
  terminal: Terminal,
): Promise<Supervised> {
  const plans = await planRegions(spec);
  const supervisor = new Supervisor({
    plans,
    args: givenArguments(command),
    isDemo,
    clock: nodeClock,
    onEvent: (event) => terminal.result(event, describeEvent(event)),
  });
  // A second signal ends this process at once, and what it runs with it.
  process.once('exit', () => {
    if (stop.signal.aborted) supervisor.killAtOnce();
  });
  supervisor.start();
  const untilStopped = async (): Promise<number> => {
    const gaveUp = await Promise.race([stop.asked.then(() => undefined), supervisor.gaveUp]);
    if (gaveUp !== undefined) {
      terminal.remark('No region can start before that is mended.');
      await supervisor.stop();
      return gaveUp;
    }
    terminal.remark('Stopping: answering what was accepted, writing snapshots ...');
    return supervisor.stop();
  };
  return { supervisor, plans, untilStopped };
}

/** Where a region is, for people. */
export function addressLines(region: string, url: string, data: string): string[] {
  return [
    `Region ${region} counts at ${url}`,
    `  live page    ${url}/`,
    `  API          ${url}/v1/events   (reference: ${url}/docs)`,
    `  metrics      ${url}/metrics`,
    `  data         ${data}`,
  ];
}

function describeEvent(event: SupervisorEvent): string {
  const { region } = event;
  if (event.event === 'started') return addressLines(region, event.url, event.data).join('\n');
  if (event.event === 'restarted') return `Region ${region} is back at ${event.url} (process ${event.pid}).`;
  if (event.event === 'stopped') return `Region ${region} has stopped.`;
  const when = event.restartInMs === 0 ? 'at once' : `in ${formatDuration(event.restartInMs)}`;
  if (event.event === 'killed')
    return `Region ${region} was killed, as asked. It starts again ${when}, or when that is asked for.`;
  return `Region ${region} ${describeDeath(event)}. It starts again ${when}.\n  ${event.reason}`;
}

function describeDeath({ exit, signal }: Pick<Death, 'exit' | 'signal'>): string {
  if (signal !== null) return `was ended by ${signal}`;
  return exit === null ? 'could not be started' : `has died with exit code ${exit}`;
}
