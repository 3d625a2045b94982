import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/generator/random.ts';
import type { RegionProcess } from './region-process.ts';

/** When a process is killed; how often each is drawn. */
const MOMENTS = {
  /** At some time from its first instruction to a little after it listens: loading, locking, recovering. */
  starting: 4,
  /** As soon as it listens, while everybody sends what was lost. */
  listening: 2,
  /** Some time into its work. */
  busy: 4,
  /** While a snapshot is being written. */
  snapshot: 4,
  /** While a segment is being begun. */
  segment: 3,
  /** While it stops cleanly. */
  stopping: 2,
} as const;
export type Moment = keyof typeof MOMENTS;

/** Longest wait for what a moment waits for. */
const PATIENCE_MS = 1500;

export function drawMoment(random: Random): Moment {
  const all = Object.entries(MOMENTS) as [Moment, number][];
  let left = random.below(all.reduce((sum, [, weight]) => sum + weight, 0));
  return all.find(([, weight]) => (left -= weight) < 0)![0];
}

/**
 * Kills `region` at the moment, give or take what chance says. `startMs` is how long a start takes; returns how long this one
 * took, or the same where it was not let finish.
 */
export async function killAt(
  moment: Moment,
  region: RegionProcess,
  directory: string,
  random: Random,
  startMs: number,
): Promise<number> {
  let tookMs = startMs;
  if (moment === 'starting') {
    await Promise.race([region.exit, sleep(random.unit() * startMs * 1.1)]);
  } else if ((await region.url) !== undefined) {
    tookMs = performance.now() - region.startedAtMs;
    await waitFor(moment, region, directory, random);
  }
  const { signal, code, stderr } = await region.kill();
  if (signal !== 'SIGKILL' && !(moment === 'stopping' && code === 0)) {
    throw new Error(`the region ended by itself with ${code ?? signal}: ${stderr}`);
  }
  return tookMs;
}

async function waitFor(
  moment: Exclude<Moment, 'starting'>,
  region: RegionProcess,
  directory: string,
  random: Random,
): Promise<void> {
  switch (moment) {
    case 'listening':
      return sleep(random.below(30));
    case 'busy':
      return sleep(random.below(500));
    case 'snapshot':
      await sleep(random.below(200));
      await newFile(join(directory, 'snapshot'));
      return sleep(random.below(12));
    case 'segment':
      await sleep(random.below(200));
      await newFile(join(directory, 'log'));
      return sleep(random.below(4));
    case 'stopping':
      region.askToStop();
      return sleep(random.below(150));
  }
}

/** Resolves when a file that was not there appears in the directory, or patience ends. */
async function newFile(directory: string): Promise<void> {
  const names = (): string[] => {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  };
  const before = new Set(names());
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (performance.now() < deadlineMs && names().every((name) => before.has(name))) await sleep(1);
}
