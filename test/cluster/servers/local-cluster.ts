import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterAddresses } from '../../../src/cluster/addresses.ts';
import type { ProcessStatus } from '../../../src/cluster/local/process-status.ts';
import { MAIN, type Ended } from '../../cli/adtally-process.ts';

type Execution = Error & { readonly code?: unknown; readonly stdout: string; readonly stderr: string };

interface Change {
  readonly name: string;
  readonly action: string;
}

/** A cluster of processes of this machine, by the commands that a user has for it. */
export class LocalCluster {
  readonly directory: string;
  #appliedDay = '';

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where its servers are, once it has been up. */
  get addresses(): ClusterAddresses {
    return JSON.parse(readFileSync(join(this.directory, 'addresses.json'), 'utf8')) as ClusterAddresses;
  }

  /** `adtally cluster COMMAND`, to its end. */
  async run(command: string, ...args: readonly string[]): Promise<Ended> {
    const all = [MAIN, 'cluster', command, '--data', this.directory, ...args, '--json'];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ADTALLY_'));
    const options = { cwd: dirname(this.directory), env: Object.fromEntries(inherited) };
    try {
      return { exit: 0, ...(await promisify(execFile)(process.execPath, all, options)) };
    } catch (error) {
      const { code, stdout, stderr } = error as Execution;
      if (typeof code !== 'number') throw error;
      return { exit: code, stdout, stderr };
    }
  }

  /** Starts what does not run. */
  async up(...args: readonly string[]): Promise<readonly ProcessStatus[]> {
    return processesIn(await this.#mustRun('up', ...args));
  }

  /** Topics, tables and jobs. */
  async apply(...args: readonly string[]): Promise<void> {
    this.#appliedDay = today();
    await this.#mustRun('apply', ...args);
  }

  /** What it lacks, as a plan finds; without the days that have begun, or are over, since it was applied. */
  async lacks(): Promise<readonly Change[]> {
    const { changes } = JSON.parse((await this.#mustRun('plan')).stdout) as { readonly changes: Change[] };
    if (today() === this.#appliedDay) return changes;
    return changes.filter(({ action }) => !['add day', 'drop day'].includes(action));
  }

  async status(): Promise<readonly ProcessStatus[]> {
    return processesIn(await this.run('status'));
  }

  /** SIGKILL. */
  async kill(name: string): Promise<void> {
    const pid = (await this.status()).find((one) => one.name === name)?.pid;
    if (typeof pid !== 'number') throw new Error(`There is no ${name} to kill in ${this.directory}.`);
    process.kill(pid, 'SIGKILL');
  }

  async #mustRun(command: string, ...args: readonly string[]): Promise<Ended> {
    const ended = await this.run(command, ...args);
    if (ended.exit === 0) return ended;
    throw new Error(`adtally cluster ${command} ended with ${ended.exit}: ${ended.stdout}${ended.stderr}`);
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function processesIn({ stdout }: Ended): readonly ProcessStatus[] {
  return (JSON.parse(stdout) as { readonly processes: readonly ProcessStatus[] }).processes;
}
