import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { MAIN } from '../../cli/adtally-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Clusters are below it, each in a folder of its own; whatever is left of them at the end of the run is taken down. */
    clusterFolder: string;
  }
}

const KEEPER = join(import.meta.dirname, 'cluster-keeper.ts');

/** Fetches the jars, so that no test waits for them, and sees to it that no cluster outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await succeeds(spawn(process.execPath, [MAIN, 'cluster', 'fetch'], { stdio: 'inherit' }));
  const folder = mkdtempSync(join(tmpdir(), 'adtally-clusters-'));
  // Where the tests run as root, PostgreSQL is somebody else.
  chmodSync(folder, 0o711);
  project.provide('clusterFolder', folder);
  // In a session of its own: Ctrl-C is for the run, and the keeper takes down what that leaves.
  const keeper = spawn(process.execPath, [KEEPER, folder], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
  return async () => {
    keeper.stdin.end();
    await succeeds(keeper);
  };
}

async function succeeds(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code}.`);
}
