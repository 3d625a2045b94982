import { readManifest, writeManifest } from '../../embedded/snapshot/manifest.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { expectEqual, type Checker, type RegionAtRest } from './checker.ts';
import { factsOf } from './idle-restart.ts';

/** The whole log, replayed without any snapshot, gives what the region has: every record with its revision, byte by byte. */
export function logAlone(random: SeededRandom): Checker {
  return {
    name: 'the log alone gives the same records',
    atRest: async (rest) => {
      if (random.chance(0.3)) await compare(rest);
    },
    ended: compare,
  };
}

async function compare({ region, copyWholeLog, open }: RegionAtRest): Promise<void> {
  const disk = copyWholeLog();
  await forgetSnapshots(disk);
  expectEqual('what the log alone gives', factsOf(await open(disk)), factsOf(region));
}

async function forgetSnapshots(disk: SimulatedDisk): Promise<void> {
  const mount = disk.mount();
  const manifest = await readManifest(mount);
  if (manifest === undefined) return;
  const { region, dataId, seed } = manifest;
  await writeManifest(mount, { region, dataId, seed, snapshot: null });
}
