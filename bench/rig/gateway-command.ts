import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BenchCluster } from './bench-cluster.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `adtally gateway` of a region of the cluster, as a user starts it, in a process of its own. */
export class GatewayCommand {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#process = child;
  }

  /** Resolves once it listens. */
  static async start({ directory, addresses }: BenchCluster, region: string): Promise<GatewayCommand> {
    const regions = Object.keys(addresses.regions).join();
    const where = ['--cluster', directory, '--regions', regions, '--region', region, '--port', '0'];
    const args = [MAIN, 'gateway', ...where, '--data', `${directory}/gateway-${region}`, '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, url } = JSON.parse(line) as { readonly event?: string; readonly url: string };
      if (event === 'started') return new GatewayCommand(url, child);
    }
    throw new Error('the gateway ended before it listened');
  }

  /** In good order. */
  async stop(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await gone;
  }
}
