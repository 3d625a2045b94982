import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FlinkJobManager } from '../../src/adapters/flink/flink-jobs.ts';
import { FlinkSqlGateway } from '../../src/adapters/flink/flink-sql-gateway.ts';
import type { ClusterAddresses } from '../../src/cluster/addresses.ts';
import type { ProcessStatus } from '../../src/cluster/local/process-status.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const POLL_MS = 100;
/** The kernel counts CPU time in hundredths of a second. */
const TICK_MS = 10;
/** Fields of /proc/PID/stat behind the program's name. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

const run = promisify(execFile);

/** What a job took from its start to its end. */
export interface JobRun {
  readonly wallMs: number;
  /** CPU time of Flink's TaskManager and JobManager. */
  readonly flinkCpuMs: number;
  /** Of the broker that it read from and wrote to. */
  readonly kafkaCpuMs: number;
}

/** A local cluster with free ports and a directory of its own. */
export class BenchCluster {
  readonly directory: string;
  readonly addresses: ClusterAddresses;
  readonly #pids: ReadonlyMap<string, number>;
  readonly #sql: FlinkSqlGateway;
  readonly #jobManager: FlinkJobManager;

  private constructor(directory: string, addresses: ClusterAddresses, pids: ReadonlyMap<string, number>) {
    this.directory = directory;
    this.addresses = addresses;
    this.#pids = pids;
    this.#sql = new FlinkSqlGateway(addresses.sqlGateway);
    this.#jobManager = new FlinkJobManager(addresses.flink);
  }

  /** `options` of `adtally cluster up`. */
  static async start(directory: string, options: readonly string[]): Promise<BenchCluster> {
    const cluster = ['cluster', 'up', '--data', directory, '--port-base', '0'];
    const { stdout } = await adtally([...cluster, ...options, '--json']);
    const { processes } = JSON.parse(stdout) as { readonly processes: readonly ProcessStatus[] };
    const addresses = await readFile(join(directory, 'addresses.json'), 'utf8');
    return new BenchCluster(
      directory,
      JSON.parse(addresses) as ClusterAddresses,
      new Map(processes.map(({ name, pid }) => [name, pid!])),
    );
  }

  /** Topics, tables and the jobs of all regions. */
  async apply(): Promise<void> {
    await adtally(['cluster', 'apply', '--data', this.directory]);
  }

  /** Runs a job that ends by itself. */
  async runToEnd(settings: Readonly<Record<string, string>>, statements: readonly string[]): Promise<JobRun> {
    const [flinkBefore, kafkaBefore] = await this.#cpuMs();
    const { jobId } = await this.#sql.run(settings, statements);
    for (;;) {
      const job = (await this.#jobManager.jobs()).find(({ id }) => id === jobId);
      if (job?.state === 'FINISHED') {
        const [flink, kafka] = await this.#cpuMs();
        const wallMs = Date.now() - job.startedAt;
        return { wallMs, flinkCpuMs: flink - flinkBefore, kafkaCpuMs: kafka - kafkaBefore };
      }
      if (job === undefined || ['FAILED', 'CANCELED', 'RESTARTING'].includes(job.state)) {
        const reason = jobId === null ? 'it started none' : await this.#jobManager.failure(jobId);
        throw new Error(`The job is ${job?.state ?? 'not there'}: ${reason}`);
      }
      await sleep(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    await adtally(['cluster', 'down', '--data', this.directory, '--purge', '--yes']);
  }

  /** Of Flink, and of Kafka. */
  async #cpuMs(): Promise<[number, number]> {
    const of = (name: string): Promise<number> => cpuMsOfProcess(this.#pids.get(name)!);
    return [(await of('taskmanager')) + (await of('jobmanager')), await of('kafka-a')];
  }
}

function adtally(args: readonly string[]): Promise<{ stdout: string }> {
  return run(process.execPath, [MAIN, ...args]);
}

/** CPU time that a process has taken so far. */
async function cpuMsOfProcess(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
}
