import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'running.json';

/** What a running region leaves in its data directory, so that other commands find it there. */
export interface RunningRegion {
  readonly region: string;
  readonly url: string;
  readonly pid: number;
  /** Unix ms. */
  readonly startedAt: number;
  /** As it was started: path and value, written as in the configuration. */
  readonly settings: Readonly<Record<string, string>>;
}

export function writeRunningFile(directory: string, running: RunningRegion): void {
  writeFileSync(join(directory, NAME), `${JSON.stringify(running)}\n`);
}

export function removeRunningFile(directory: string): void {
  rmSync(join(directory, NAME), { force: true });
}

/** The region that runs on `directory`; undefined when none does. A process that was killed leaves its file behind. */
export function readRunningFile(directory: string): RunningRegion | undefined {
  try {
    const running = JSON.parse(readFileSync(join(directory, NAME), 'utf8')) as RunningRegion;
    return isAlive(running.pid) ? running : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
