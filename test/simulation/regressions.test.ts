import { expect, test } from 'vitest';
import { playScript, type CrashScript } from '../../src/simulation/crash-script.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import scripts from './regressions/scripts.json' with { type: 'json' };
import seeds from './regressions/seeds.json' with { type: 'json' };

/** Each script is played in the traffic of several worlds: what it needs may not come up in one of them. */
const WORLDS = 8;

/** What the simulation has found, cut down to what it takes. */
test.each(scripts as unknown as CrashScript[])('$name', { timeout: 60_000 }, async (script) => {
  for (let world = 0; world < WORLDS; world++) expect(await playScript(script, `script ${world}`)).toBe(0);
});

/** Worlds that have failed once; what they meet changes with the simulation, so the scripts above are the better half. */
test.each(Object.entries(seeds))('the world of seed %s: %s', { timeout: 60_000 }, async (seed) => {
  const report = await simulate(seed);
  expect(report.lives).toBeGreaterThan(0);
});
