import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The smallest segments and snapshots there are, so that both are made all the time. */
const RESTLESS = ['--log-segment', '64KiB', '--snapshot-after', '64KiB'];

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** `adtally start` as a process of its own, on a free port. */
export class RegionProcess {
  readonly #process: ChildProcess;
  readonly startedAtMs = performance.now();
  /** The address it listens on; undefined when it ended before it listened. */
  readonly url: Promise<string | undefined>;
  readonly exit: Promise<Exit>;

  /** `wrap`: words of a command line that runs the process, such as a shell with limits; `flags` come last. */
  constructor(directory: string, wrap: readonly string[] = [], flags: readonly string[] = []) {
    const words = [...wrap, process.execPath, MAIN, 'start', '--json', '--data', directory, '--port', '0'];
    const [command, ...args] = [...words, ...RESTLESS, ...flags];
    this.#process = spawn(command, args, { env: withoutSettings(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    this.#process.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    this.exit = once(this.#process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stderr,
    }));
    this.url = this.#listening();
  }

  /** Resolves once it is gone. */
  async kill(): Promise<Exit> {
    this.#process.kill('SIGKILL');
    return this.exit;
  }

  /** Asks it to stop, and does not wait. */
  askToStop(): void {
    this.#process.kill('SIGTERM');
  }

  async #listening(): Promise<string | undefined> {
    for await (const line of createInterface({ input: this.#process.stdout! })) {
      const said = JSON.parse(line) as { event?: string; url?: string };
      if (said.event === 'started') return said.url;
    }
    return undefined;
  }
}

/** The settings of whoever runs the tests are not those of the region. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ADTALLY_')));
}
