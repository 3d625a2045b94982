import { AdtallyError } from '../../base/errors.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { BrokenPromise, expectEqual, type Checker, type RegionAtRest } from './checker.ts';
import { factsOf } from './idle-restart.ts';
import { touchesByUser } from './true-touches.ts';

const REFUSALS = new Set(['data_corrupt', 'data_format']);

/** With a bit of what is stored flipped, the region refuses to start, or is as it was: never something in between. */
export function flippedBits(random: SeededRandom, flips: number): Checker {
  return {
    name: 'damaged bytes are found, never counted',
    ended: async (rest) => {
      for (let flip = 0; flip < flips; flip++) await flipAndOpen(rest, random);
    },
  };
}

async function flipAndOpen(
  { region, truth, copyDisk, open }: RegionAtRest,
  random: SeededRandom,
): Promise<void> {
  const disk = copyDisk();
  const files = [...disk.contents()].filter(([, content]) => content.length > 0);
  const [path, content] = random.pick(files);
  const bit = random.below(content.length * 8);
  disk.flipBit(path, bit);
  const where = `after bit ${bit & 7} of byte ${bit >>> 3} of ${path} was flipped`;
  try {
    const damaged = await open(disk);
    expectEqual(`figures ${where}`, factsOf(damaged), factsOf(region));
    expectEqual(`touches ${where}`, touchesByUser(damaged, truth), touchesByUser(region, truth));
  } catch (error) {
    if (error instanceof BrokenPromise) throw error;
    const isRefusal = error instanceof AdtallyError && REFUSALS.has(error.code);
    if (!isRefusal) throw new BrokenPromise(`not refused as corrupt ${where}: ${(error as Error).stack}`);
  }
}
