import type { UnixMs } from '../../base/clock.ts';
import type { ProcessHost, ReadinessProbe } from './ports.ts';
import type { ProcessPlan } from './process-plan.ts';

/** How a process of the cluster is. */
export interface ProcessStatus {
  readonly name: string;
  readonly state: 'ready' | 'starting' | 'down';
  readonly pid: number | null;
  readonly startedAt: UnixMs | null;
  readonly residentBytes: number | null;
  readonly plannedBytes: number;
  readonly url: string;
}

const MIB = 1_048_576;

/** Of all processes, in the order of the plans. One that runs and does not answer is `starting`, however long. */
export function readStatus(
  plans: readonly ProcessPlan[],
  host: ProcessHost,
  probe: ReadinessProbe,
): Promise<ProcessStatus[]> {
  return Promise.all(
    plans.map(async ({ name, readiness, url, memoryMib }) => {
      const process = host.find(name);
      const common = { name, url, plannedBytes: memoryMib * MIB };
      const down = { ...common, state: 'down', pid: null, startedAt: null, residentBytes: null } as const;
      if (process === undefined) return down;
      const isReady = await probe.isReady(readiness);
      // It may have died meanwhile, and somebody else have answered.
      if (host.find(name) === undefined) return down;
      return {
        ...common,
        state: isReady ? 'ready' : 'starting',
        pid: process.pid,
        startedAt: process.startedAt,
        residentBytes: host.residentBytes(process),
      } as const;
    }),
  );
}
