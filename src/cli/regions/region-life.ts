import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Death } from './restart-pauses.ts';

const LAUNCHER = fileURLToPath(new URL('../launcher.js', import.meta.url));
const REASON_MAX = 500;

/** What `adtally start --json` says when the region is served. */
export interface StartedLine {
  readonly event: 'started';
  readonly region: string;
  readonly url: string;
  readonly data: string;
  readonly pid: number;
}

export interface LifeOptions {
  /** The command line of `adtally`. */
  readonly args: readonly string[];
  readonly onStarted: (line: StartedLine) => void;
  readonly onMessage: (message: unknown) => void;
  /** The process is gone, and so is all that it wrote. */
  readonly onEnd: (death: Death) => void;
}

/** One process of a region, from its start to its end. */
export class RegionLife {
  readonly #process: ChildProcess;
  readonly #options: LifeOptions;
  #wasUp = false;
  #hasEnded = false;
  #lastError = '';
  #lastLine = '';

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#process = spawn(process.execPath, [LAUNCHER, ...options.args, '--json'], {
      // In a group of its own: Ctrl-C in the terminal is for the supervisor, which tells the regions.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#read();
    this.#process.on('message', options.onMessage);
    this.#process.on('error', ({ message }) => {
      if (this.#process.pid === undefined) this.#end({ exit: null, signal: null, reason: message });
    });
    this.#process.on('close', (exit, signal) => this.#end({ exit, signal, reason: this.#reason(signal) }));
  }

  /** Undefined when the process could not be made. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether the region came up in this process. */
  get wasUp(): boolean {
    return this.#wasUp;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Says something to the region; one that is gone does not hear it. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Where no process could be made, the system may say so more than once. */
  #end(death: Death): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd(death);
  }

  #read(): void {
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#hear(line));
    const errors = createInterface({ input: this.#process.stderr! });
    errors.on('line', (line) => {
      process.stderr.write(`${line}\n`);
      // The first line of a stack says what it is, those after it only where.
      if (line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line)) this.#lastLine = line.trim();
    });
  }

  #hear(line: string): void {
    const said = readLine(line);
    if (said?.event === 'started') {
      this.#wasUp = true;
      this.#options.onStarted(said as StartedLine);
    }
    if (said?.error !== undefined) this.#lastError = `${said.error.code}: ${said.error.detail}`;
  }

  #reason(signal: string | null): string {
    const text = this.#lastError || this.#lastLine;
    return (text || (signal === null ? 'It said nothing.' : `It was ended by ${signal}.`)).slice(
      0,
      REASON_MAX,
    );
  }
}

interface SaidLine {
  readonly event?: string;
  readonly error?: { readonly code: string; readonly detail: string };
}

function readLine(line: string): SaidLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
