import { expect, test } from 'vitest';
import { ScriptedPlan, type ScriptStep } from '../../src/simulation/disk-plan.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { NO_HAZARDS, smallSpec, type Death } from '../../src/simulation/world-plan.ts';
import scripts from './regressions/scripts.json' with { type: 'json' };
import seeds from './regressions/seeds.json' with { type: 'json' };

interface Script {
  readonly name: string;
  readonly steps: readonly ScriptStep[];
  readonly deaths: readonly Death[];
}

/** Each script is played with several clients' worth of traffic: what it needs may not come up in one of them. */
const WORLDS = 8;

/** What the simulation has found, cut down to what it takes. */
test.each(scripts as unknown as Script[])('$name', async ({ steps, deaths }) => {
  for (let world = 0; world < WORLDS; world++) {
    const disk = new ScriptedPlan(steps);
    await simulate(`script ${world}`, () => ({
      clients: 2,
      requests: 12,
      eventsPerRequestMax: 3,
      spec: { ...smallSpec(), logSegment: 1200, snapshotAfter: 2500 },
      disk,
      deaths,
      hazards: NO_HAZARDS,
    }));
    expect(disk.stepsLeft).toBe(0);
  }
});

/** Worlds that have failed once; what they meet changes with the simulation, so the scripts above are the better half. */
test.each(Object.entries(seeds))('the world of seed %s: %s', { timeout: 60_000 }, async (seed) => {
  const report = await simulate(seed);
  expect(report.lives).toBeGreaterThan(0);
});
