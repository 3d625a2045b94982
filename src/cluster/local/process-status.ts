import type { UnixMs } from '../../base/clock.ts';
import type { ProcessHost, ReadinessProbe } from './ports.ts';
import { readinessSince, type ProcessPlan } from './process-plan.ts';

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
    plans.map(async (plan) => {
      const { name, url, memoryMib } = plan;
      const found = host.find(name);
      const common = { name, url, plannedBytes: memoryMib * MIB };
      const down = { ...common, state: 'down', pid: null, startedAt: null, residentBytes: null } as const;
      if (found === undefined) return down;
      const isReady = await probe.isReady(readinessSince(plan, found.startedAt));
      // It may have died meanwhile, and somebody else have answered.
      if (host.find(name) === undefined) return down;
      return {
        ...common,
        state: isReady ? 'ready' : 'starting',
        pid: found.pid,
        startedAt: found.startedAt,
        residentBytes: host.residentBytes(found),
      } as const;
    }),
  );
}
