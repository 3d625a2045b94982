import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcessHost } from '../../../src/adapters/local-process/node-process-host.ts';
import { postgresPrograms, postgresUser } from '../../../src/adapters/local-process/postgres-program.ts';
import { pause } from '../../../src/base/pause.ts';
import { serverProbe } from '../../../src/adapters/local-process/server-probe.ts';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { addressesOf, type ClusterLayout } from '../../../src/cluster/local/cluster-layout.ts';
import { portsFrom } from '../../../src/cluster/local/port-layout.ts';
import type { ProcessPlan } from '../../../src/cluster/local/process-plan.ts';
import { postgresPlan } from '../../../src/cluster/local/processes/postgres.ts';
import { startCluster } from '../../../src/cluster/local/start-cluster.ts';
import { stopCluster } from '../../../src/cluster/local/stop-cluster.ts';
import { freePort } from '../../free-port.ts';

const PROGRAMS = postgresPrograms(process.env);

/** Whether tests on a PostgreSQL are left out: where there is none, which is said, and never in CI. */
export const isWithoutPostgres = PROGRAMS === undefined && process.env['CI'] === undefined;
if (isWithoutPostgres) {
  console.warn(
    '\n!!! There is no PostgreSQL on this machine: what needs one is NOT TESTED. Install postgresql.\n',
  );
}

/** The PostgreSQL of a local cluster, alone, in a temporary folder of its own. */
export class PostgresServer {
  readonly url: string;
  readonly #folder: string;
  readonly #plan: ProcessPlan;
  readonly #host: NodeProcessHost;

  private constructor(folder: string, port: number) {
    const layout: ClusterLayout = {
      directory: folder,
      regions: ['a'],
      without: ['pinot'],
      ports: { ...portsFrom(19_000, ['a']), postgres: port },
      checkpointIntervalMs: 1000,
      stateBackend: 'rocksdb',
      stateMib: 768,
    };
    const runtime = { java: '', jars: {}, postgres: { programs: PROGRAMS!, user: postgresUser() } };
    this.#folder = folder;
    this.#plan = postgresPlan(layout, runtime);
    this.#host = new NodeProcessHost({ directory: folder, logFolder: 'logs', clock: nodeClock });
    this.url = addressesOf(layout).postgres!;
  }

  static async start(): Promise<PostgresServer> {
    if (PROGRAMS === undefined) throw new Error('There is no PostgreSQL on this machine.');
    const folder = mkdtempSync(join(tmpdir(), 'adtally-postgres-'));
    // Where the tests run as root, PostgreSQL is somebody else.
    chmodSync(folder, 0o711);
    const server = new PostgresServer(folder, await freePort());
    await server.startAgain();
    return server;
  }

  /** Starts it on the data it had. */
  async startAgain(): Promise<void> {
    await startCluster([this.#plan], { host: this.#host, probe: serverProbe, clock: nodeClock });
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#host.signal('postgres', 'SIGKILL');
    while (this.#host.find('postgres') !== undefined) await pause(nodeClock, 20);
  }

  /** How it stopped. */
  async stop(): Promise<string> {
    let how = '';
    await stopCluster([this.#plan], {
      host: this.#host,
      clock: nodeClock,
      onStopped: (_name, end) => (how = end),
    });
    return how;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  log(): string {
    return this.#host.lastLines('postgres', 100).join('\n');
  }
}
