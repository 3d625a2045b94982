import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { ProcessHost, StartedProcess, StopSignal } from '../../cluster/local/ports.ts';
import { markStart, type ProcessPlan } from '../../cluster/local/process-plan.ts';
import { lastLines, openNewLog } from './log-file.ts';
import { PidFile } from './pid-file.ts';
import { birthOf, residentBytesOf } from './proc-file-system.ts';

const LOG_LINES = 20;

export interface NodeProcessHostOptions {
  /** Of the cluster; the books of processes are in it. */
  readonly directory: string;
  /** Below it. */
  readonly logFolder: string;
  readonly clock: Clock;
}

/** Processes of this machine, detached from the command that starts them. Who is who is told by pid and time of birth. */
export class NodeProcessHost implements ProcessHost {
  readonly #directory: string;
  readonly #logFolder: string;
  readonly #clock: Clock;
  readonly #pids: PidFile;

  constructor({ directory, logFolder, clock }: NodeProcessHostOptions) {
    this.#directory = directory;
    this.#logFolder = join(directory, logFolder);
    this.#clock = clock;
    this.#pids = new PidFile(join(directory, 'processes.json'));
  }

  names(): string[] {
    return Object.keys(this.#pids.read());
  }

  find(name: string): StartedProcess | undefined {
    const process = this.#pids.read()[name];
    return process !== undefined && birthOf(process.pid) === process.birth ? process : undefined;
  }

  async start(plan: ProcessPlan): Promise<StartedProcess> {
    for (const folder of [...plan.folders, this.#logFolder]) mkdirSync(folder, { recursive: true });
    for (const { path, text } of plan.files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await this.#prepare(plan);
    const startedAt = this.#clock.now();
    const command = plan.command.map((part) => markStart(part, startedAt));
    const child = this.#spawn(plan, command);
    const { pid } = await spawned(child, plan.name);
    // A child that ended at once stays a zombie until we hear of it, so that its pid is nobody else's yet.
    const process = { pid, birth: birthOf(pid) ?? 'ended at once', startedAt };
    this.#pids.set(plan.name, process);
    child.unref();
    return process;
  }

  signal(name: string, signal: StopSignal): void {
    const found = this.find(name);
    if (found === undefined) return;
    try {
      process.kill(found.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  forget(name: string): void {
    this.#pids.remove(name);
  }

  residentBytes({ pid, birth }: StartedProcess): number {
    return birthOf(pid) === birth ? residentBytesOf(pid) : 0;
  }

  lastLines(name: string, count: number): string[] {
    return lastLines(this.logPath(name), count);
  }

  logPath(name: string): string {
    return join(this.#logFolder, `${name}.log`);
  }

  async #prepare({ name, preparation, environment }: ProcessPlan): Promise<void> {
    if (preparation === undefined || existsSync(preparation.makes)) return;
    const first = `${name}-preparation`;
    const child = this.#spawn({ name: first, environment }, preparation.command);
    await spawned(child, first);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.exitCode === 0 && existsSync(preparation.makes)) return;
    const lines = this.lastLines(first, LOG_LINES);
    throw new AdtallyError(
      'cluster_failed',
      `Process ${name} could not be prepared. The end of the log:\n  ${lines.join('\n  ')}`,
    );
  }

  #spawn(
    { name, environment }: Pick<ProcessPlan, 'name' | 'environment'>,
    command: readonly string[],
  ): ChildProcess {
    const [program, ...args] = command;
    const log = openNewLog(this.logPath(name));
    try {
      return spawn(program, args, {
        cwd: this.#directory,
        env: { ...process.env, ...environment },
        detached: true,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
  }
}

async function spawned(child: ChildProcess, name: string): Promise<{ readonly pid: number }> {
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new AdtallyError('cluster_failed', `Process ${name} could not be started: ${String(error)}`, {
      cause: error,
    });
  }
  return { pid: child.pid! };
}
