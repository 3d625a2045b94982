import { serverProbe } from '../../../adapters/local-process/server-probe.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import type { ProcessPlan } from '../../../cluster/local/process-plan.ts';
import { readStatus, type ProcessStatus } from '../../../cluster/local/process-status.ts';
import { startCluster, type ReadyProcess } from '../../../cluster/local/start-cluster.ts';
import type { Terminal } from '../../terminal.ts';
import type { LocalCluster } from '../local-cluster.ts';
import { preparePlans } from '../up.ts';

/** The processes that a watch keeps running: of this machine, started and not stopped since. */
export interface WatchedProcesses {
  status(): Promise<ProcessStatus[]>;
  /** Resolves to the names of those that it started. */
  startDead(): Promise<string[]>;
}

/** Whoever runs a cluster elsewhere watches over its processes. */
export const NO_PROCESSES: WatchedProcesses = {
  status: () => Promise.resolve([]),
  startDead: () => Promise.resolve([]),
};

export function processesOf({ layout, plans, host }: LocalCluster, terminal: Terminal): WatchedProcesses {
  /** Whoever was stopped on purpose is in no book. */
  const booked = (all: readonly ProcessPlan[]): ProcessPlan[] => {
    const names = new Set(host.names());
    return all.filter(({ name }) => names.has(name));
  };
  return {
    status: () => readStatus(booked(plans), host, serverProbe),
    startDead: async () => {
      const started: string[] = [];
      const onReady = ({ name, isKept }: ReadyProcess): void => {
        if (!isKept) started.push(name);
      };
      const prepared = booked(await preparePlans(layout, host, terminal));
      await startCluster(prepared, { host, probe: serverProbe, clock: nodeClock, onReady });
      return started;
    },
  };
}
