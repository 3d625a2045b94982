import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own to run the real command in; `remove` ends what still runs there. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'adtally-cli-'));
  readonly #children = new Set<ChildProcess>();

  async remove(): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true });
  }

  /** Sends a signal to all that runs here. */
  signalAll(name: NodeJS.Signals): void {
    for (const child of this.#children) child.kill(name);
  }

  /** Runs `adtally ARGS` to its end. */
  async run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
    const child = this.#spawn(args, environment);
    const parts = { stdout: '', stderr: '' };
    child.stdout!.on('data', (chunk: Buffer) => (parts.stdout += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (parts.stderr += chunk.toString()));
    await once(child, 'close');
    return { exit: child.exitCode, ...parts };
  }

  /** Runs `adtally ARGS` with somebody at the end of its output who reads a little and goes, as `head` does. */
  async runIntoClosedPipe(args: readonly string[]): Promise<Omit<Ended, 'stdout'>> {
    const child = this.#spawn(args, {});
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout!.once('data', () => child.stdout!.destroy());
    await once(child, 'close');
    return { exit: child.exitCode, stderr };
  }

  /** Runs `adtally ARGS --json` and reads its answer; the exit code must be 0. */
  async json<Answer>(args: readonly string[], environment: Record<string, string> = {}): Promise<Answer> {
    const { exit, stdout, stderr } = await this.run([...args, '--json'], environment);
    if (exit !== 0) throw new Error(`adtally ${args.join(' ')} ended with ${exit}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as Answer;
  }

  /** Starts a command that runs on, and waits for its first line of JSON. */
  async start<Line>(args: readonly string[]): Promise<Started<Line>> {
    const child = this.#spawn([...args, '--json'], {});
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const lines: Line[] = [];
    const reader = createInterface(child.stdout!);
    reader.on('line', (line) => lines.push(JSON.parse(line) as Line));
    const ended = once(child, 'close').then(() => ({ exit: child.exitCode, lines, stderr }));
    const first = await Promise.race([once(reader, 'line'), ended]);
    if (!Array.isArray(first))
      throw new Error(`adtally ${args.join(' ')} ended with ${first.exit}: ${stderr}`);
    return {
      first: lines[0],
      lines,
      ended,
      signal: (name) => child.kill(name),
      async line(wanted) {
        for (;;) {
          const found = lines.find(wanted);
          if (found !== undefined) return found;
          await once(reader, 'line');
        }
      },
    };
  }

  #spawn(args: readonly string[], environment: Record<string, string>): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ADTALLY_'));
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }
}

export interface Started<Line> {
  readonly first: Line;
  readonly lines: readonly Line[];
  /** The first line that is wanted, once it is there. */
  line(wanted: (line: Line) => boolean): Promise<Line>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<{
    readonly exit: number | null;
    readonly lines: readonly Line[];
    readonly stderr: string;
  }>;
}
