import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCluster } from './local-cluster.ts';

/**
 * `node cluster-keeper.ts FOLDER`: waits until the run that holds its standard input open has ended, be it by SIGKILL, and takes down every
 * cluster below the folder, by the pids that each has in its books.
 */
const PATIENCE_MS = 180_000;

async function takeDown(directory: string): Promise<void> {
  const cluster = new LocalCluster(directory);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    // A command that the run left behind may still be starting it.
    const { exit, stdout, stderr } = await cluster.run('down', '--purge', '--yes');
    if (exit === 0) return;
    if (performance.now() > deadline) throw new Error(`${directory} is not down: ${stdout}${stderr}`);
    await sleep(1000);
  }
}

const [folder] = process.argv.slice(2);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));
for (const name of readdirSync(folder)) await takeDown(join(folder, name));
rmSync(folder, { recursive: true });
