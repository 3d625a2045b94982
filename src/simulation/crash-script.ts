import { ScriptedPlan, type ScriptStep } from './disk/disk-plan.ts';
import { simulate } from './simulate.ts';
import { NO_HAZARDS, smallSpec, type Death } from './world-plan.ts';

/** A course of events that once broke a promise, cut down to what it takes. */
export interface CrashScript {
  readonly name: string;
  readonly steps: readonly ScriptStep[];
  /** How the processes die, one after the other. */
  readonly deaths: readonly Death[];
}

/** Plays a script in the traffic of a small world. Returns how many of its steps did not come up. */
export async function playScript({ steps, deaths }: CrashScript, world: string): Promise<number> {
  const disk = new ScriptedPlan(steps);
  await simulate(world, () => ({
    clients: 2,
    requests: 12,
    eventsPerRequestMax: 3,
    ordersShare: 0.2,
    flips: 0,
    spec: { ...smallSpec(), logSegment: 1200, snapshotAfter: 2500 },
    disk,
    deaths,
    hazards: NO_HAZARDS,
  }));
  return disk.stepsLeft;
}
