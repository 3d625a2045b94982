import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchArtifacts } from '../../../src/adapters/artifact-store/artifact-store.ts';
import { freePort } from '../../free-port.ts';

/** So that it says when it has started. */
const LOGGING = `
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = stdout
logger.server.name = kafka.server
logger.server.level = info
`;

/** A Kafka of one node, with a temporary directory of its own, on free ports of loopback. */
export class KafkaBroker {
  readonly address: string;
  readonly #folder: string;
  readonly #classPath: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, jars: string, port: number) {
    this.#folder = folder;
    this.#classPath = join(jars, '*');
    this.address = `127.0.0.1:${port}`;
  }

  /** Fetches what of its jars is not there yet. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<KafkaBroker> {
    const jars = (await fetchArtifacts(['kafka'])).get('kafka')!;
    const folder = mkdtempSync(join(tmpdir(), 'adtally-kafka-'));
    const port = await freePort();
    const broker = new KafkaBroker(folder, jars, port);
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'log4j2.properties'), LOGGING);
    writeFileSync(join(folder, 'server.properties'), properties(folder, port, await freePort(), settings));
    broker.#format();
    await broker.startAgain();
    return broker;
  }

  /** Starts it on the directory it had. */
  async startAgain(): Promise<void> {
    const child = spawn(
      'java',
      [
        '-Xms128m',
        '-Xmx384m',
        `-Dlog4j2.configurationFile=${join(this.#folder, 'log4j2.properties')}`,
        '-cp',
        this.#classPath,
        'kafka.Kafka',
        join(this.#folder, 'server.properties'),
      ],
      { cwd: this.#folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    const lines = createInterface(child.stdout);
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (said.length < 100) said.push(line);
        if (/Kafka Server started/.test(line)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`Kafka ended with ${code}:\n${said.join('\n')}`)));
    });
  }

  /** SIGKILL; SIGSTOP and SIGCONT as well. */
  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#process!;
    child.kill(name);
    if (name === 'SIGKILL' || name === 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      this.#process = undefined;
    }
  }

  async remove(): Promise<void> {
    if (this.#process !== undefined) await this.signal('SIGKILL');
    rmSync(this.#folder, { recursive: true });
  }

  #format(): void {
    const args = ['-Xmx128m', '-cp', this.#classPath, 'kafka.tools.StorageTool', 'format', '--standalone'];
    const id = Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    const config = [`--cluster-id=${id}`, '-c', join(this.#folder, 'server.properties')];
    const { status, stderr } = spawnSync('java', [...args, ...config], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Kafka's directory was not formatted: ${stderr}`);
  }
}

function properties(
  folder: string,
  port: number,
  controllerPort: number,
  settings: Readonly<Record<string, string>>,
): string {
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`;
  const all = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '8388608',
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
