import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Of /proc/PID/stat: ticks a second on every Linux there is. */
const TICK_MS = 10;

/** `adtally start` as a user starts it, in a process of its own. */
export class RegionCommand {
  readonly url: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(url: string, args: readonly string[]) {
    this.url = url;
    this.#args = args;
  }

  /** Starts nothing yet; the port is one that is free now. */
  static async at(directory: string, flags: readonly string[] = []): Promise<RegionCommand> {
    const port = await freePort();
    const args = [MAIN, 'start', '--json', '--data', directory, '--port', String(port), ...flags];
    return new RegionCommand(`http://127.0.0.1:${port}`, args);
  }

  /** Two regions that are each other's peer; starts neither. */
  static async pair(
    directory: string,
    flags: readonly string[] = [],
  ): Promise<readonly [RegionCommand, RegionCommand]> {
    const [portA, portB] = [await freePort(), await freePort()];
    const make = (name: string, port: number, peer: string): RegionCommand => {
      const args = ['--regions', 'a,b', '--region', name, '--peer', peer, '--port', String(port), ...flags];
      const start = [MAIN, 'start', '--json', '--data', `${directory}/${name}`, ...args];
      return new RegionCommand(`http://127.0.0.1:${port}`, start);
    };
    const a = make('a', portA, `b=http://127.0.0.1:${portB}`);
    return [a, make('b', portB, `a=${a.url}`)];
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if ((JSON.parse(line) as { event?: string }).event === 'started') return;
    }
    throw new Error('the region ended before it listened');
  }

  /** In good order. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  /** CPU time of all its threads so far, ms. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#process!.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
