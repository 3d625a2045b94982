import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import type { simulate } from '../../src/simulation/simulate.ts';

/**
 * Run by mutations.test.ts, as a process of its own: `hunt.ts DIRECTORY SEEDS` looks for a world in which the engine of a
 * copy of src/ breaks a promise, and prints what it found.
 */
const [, , directory, seeds] = argv;
const module = (await import(pathToFileURL(`${directory}/src/simulation/simulate.ts`).href)) as {
  simulate: typeof simulate;
};

let found = null;
for (let seed = 1; seed <= Number(seeds) && found === null; seed++) {
  try {
    await module.simulate(`mutation ${seed}`);
  } catch (error) {
    found = { seed, what: (error as Error).message.split('\n')[0] };
  }
}
console.log(JSON.stringify(found));
