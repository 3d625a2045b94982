import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import type { CrashScript, playScript } from '../../src/simulation/crash-script.ts';
import type { simulatePair } from '../../src/simulation/pair/simulate-pair.ts';
import type { simulate } from '../../src/simulation/simulate.ts';
import scripts from '../simulation/regressions/scripts.json' with { type: 'json' };

/**
 * Run by mutations.test.ts, as a process of its own: `hunt.ts DIRECTORY SEEDS [pair]` looks for a world in which the engine of a
 * copy of src/ breaks a promise, and prints what it found. With `pair` the worlds are of two regions.
 */
const [, , directory, seeds, kind] = argv;
const room = pathToFileURL(`${directory}/src/simulation/`).href;
const script = (await import(`${room}crash-script.ts`)) as { playScript: typeof playScript };
const pair = (await import(`${room}pair/simulate-pair.ts`)) as { simulatePair: typeof simulatePair };
const world = (await import(`${room}simulate.ts`)) as { simulate: typeof simulate };

async function fault(run: () => Promise<unknown>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

async function hunt(): Promise<{ where: string; what: string } | null> {
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const what = await fault(() => world.simulate(`mutation ${seed}`));
    if (what !== null) return { where: `seed ${seed}`, what };
    if (seed % 10 !== 0) continue;
    for (const course of scripts as unknown as CrashScript[]) {
      const found = await fault(() => script.playScript(course, `mutation ${seed}`));
      if (found !== null) return { where: course.name, what: found };
    }
  }
  return null;
}

async function huntPairs(): Promise<{ where: string; what: string } | null> {
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const what = await fault(() => pair.simulatePair(`mutation ${seed}`));
    if (what !== null) return { where: `seed ${seed}`, what };
  }
  return null;
}

console.log(JSON.stringify(await (kind === 'pair' ? huntPairs() : hunt())));
