/**
 * The embedded engine and Flink over the same events, in turns: `npm run bench:flink`. Once the least that counts (the first of
 * each id, totals by ad and minute), once the whole contract. Flink reads them from a Kafka that has them already, the engine
 * from a file; both have compiled their code before, and both make durable what they answer.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openKafkaAdmin } from '../../src/adapters/kafka/kafka-admin.ts';
import { openKafkaPublisher } from '../../src/adapters/kafka/kafka-publisher.ts';
import { openKafkaReader } from '../../src/adapters/kafka/kafka-reader.ts';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { Gateway } from '../../src/cluster/gateway/gateway.ts';
import { topicsOf } from '../../src/cluster/render/topics.ts';
import { topicNamesOf } from '../../src/cluster/topic-names.ts';
import { OPTIONAL_PARTS } from '../../src/cluster/local/cluster-layout.ts';
import { applyTopics } from '../../src/cluster/topics/apply-topics.ts';
import { benchSpec } from '../rig/bench-region.ts';
import { BenchCluster, type JobRun } from '../rig/bench-cluster.ts';
import { BodySource, bytesOf } from '../rig/bodies.ts';
import { Child } from '../rig/child.ts';
import { median } from '../rig/cpu-time.ts';
import type { EmbeddedRun } from '../rig/embedded-run.ts';
import { CHECKPOINT_INTERVAL_MS, contractJob, LEAN_TOPIC, leanJob } from '../rig/flink-jobs.ts';
import {
  answer,
  atLeast,
  progress,
  told,
  withDirectory,
  type Finding,
  type Run,
} from '../rig/measurement.ts';

const EVENTS_PER_BODY = 1000;
const SENDERS = 16;
const PARALLELISM = 2;
const STATE_MIB = 5376;
const IDLE_MS = 2000;

const TASKS = ['lean', 'contract'] as const;
type Task = (typeof TASKS)[number];

interface Round {
  readonly task: Task;
  readonly embedded: EmbeddedRun;
  readonly flink: JobRun;
}

interface Input {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
}

const spec = benchSpec({ regions: ['a'] });

/** The same events in a file and in the topic of events, as a gateway writes them. */
async function makeInput(directory: string, kafka: string, events: number): Promise<Input> {
  // Fields in one order, that of the messages: so a message is its event and nothing besides.
  const bodies = new BodySource(1, EVENTS_PER_BODY, 1).make(events);
  const publisher = openKafkaPublisher({ brokers: [kafka], clientId: 'bench' });
  const gateway = new Gateway({ region: 'a', spec, publisher, clock: nodeClock });
  let next = 0;
  const send = async (): Promise<void> => {
    while (next < bodies.length) await gateway.ingest(bodies[next++], 'ndjson');
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  await gateway.close();
  await publisher.close();
  const file = join(directory, 'events.ndjson');
  await writeFile(file, bodies);
  return { file, events, bytes: bytesOf(bodies) };
}

async function makeTopics(kafka: string): Promise<void> {
  const admin = await openKafkaAdmin({ brokers: [kafka], clientId: 'bench' });
  const wanted = topicsOf('a', spec, { brokers: 1, partitions: PARALLELISM });
  await applyTopics(admin, [...wanted, { ...wanted[0], name: LEAN_TOPIC }]);
  await admin.close();
}

/** How many events the latest messages of a topic count, by what each says of itself. */
async function countedIn(
  kafka: string,
  topic: string,
  count: (message: Record<string, unknown>) => number,
): Promise<number> {
  const latest = new Map<string, number>();
  let idleSinceMs = performance.now();
  const reader = await openKafkaReader(
    { brokers: [kafka], clientId: 'bench' },
    {
      topics: [topic],
      take: (messages) => {
        idleSinceMs = performance.now();
        for (const { key, value } of messages) {
          const said = JSON.parse(Buffer.from(value!).toString()) as Record<string, unknown>;
          latest.set(Buffer.from(key!).toString(), count(said));
        }
        return Promise.resolve();
      },
      onFailure: (error) => progress(error.message),
    },
  );
  while (latest.size === 0 || performance.now() - idleSinceMs < IDLE_MS) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await reader.close();
  return latest.values().reduce((total, value) => total + value, 0);
}

async function countedByFlink(kafka: string, task: Task): Promise<number> {
  if (task === 'lean') {
    return countedIn(kafka, LEAN_TOPIC, (cell) => Number(cell['impressions']) + Number(cell['clicks']));
  }
  return countedIn(kafka, topicNamesOf('a').verdicts, ({ verdict, count }) =>
    verdict === 'counted' ? Number(count) : 0,
  );
}

async function runEmbedded(directory: string, { file }: Input, task: Task): Promise<EmbeddedRun> {
  const data = join(directory, 'region');
  // Touches belong to the contract: on a cluster the clean events are kept for them.
  const child = new Child('embedded-run.ts', [file, data, task === 'contract' ? 'touches' : 'no-touches']);
  const ran = await child.ready<EmbeddedRun>();
  await child.end();
  await rm(data, { recursive: true });
  return ran;
}

async function runRounds(
  directory: string,
  cluster: BenchCluster,
  input: Input,
  rounds: number,
): Promise<Round[]> {
  const { addresses } = cluster;
  const jobs = {
    lean: leanJob(spec, addresses, PARALLELISM),
    contract: contractJob(spec, addresses, PARALLELISM),
  };
  const done: Round[] = [];
  // The first time nothing is kept: it warms the JVM.
  for (let n = 0; n <= rounds; n++) {
    for (const task of TASKS) {
      const embedded = await runEmbedded(directory, input, task);
      const flink = await cluster.runToEnd(jobs[task].settings, jobs[task].statements);
      const counted = await countedByFlink(addresses.regions['a'].kafka, task);
      if (counted !== embedded.counted || counted < input.events * 0.98) {
        throw new Error(
          `${task}: Flink counted ${counted}, the engine ${embedded.counted} of ${input.events}`,
        );
      }
      progress(
        `${n === 0 ? 'warming' : `round ${n}`}, ${task}: engine ${seconds(embedded.cpuMs)} of CPU in ${seconds(embedded.wallMs)}, Flink ${seconds(flink.flinkCpuMs)} in ${seconds(flink.wallMs)}, its Kafka ${seconds(flink.kafkaCpuMs)}`,
      );
      if (n > 0) done.push({ task, embedded, flink });
    }
  }
  return done;
}

function findingsOf(task: Task, rounds: readonly Round[], { events }: Input): Finding[] {
  const own = rounds.filter((round) => round.task === task);
  const name = task === 'lean' ? 'the least that counts' : 'the whole contract';
  const perMillion = (cpuMs: (round: Round) => number): number => (median(own.map(cpuMs)) * 1000) / events;
  const rate = (wallMs: (round: Round) => number): number => (events * 1000) / median(own.map(wallMs));
  const ratio = (of: (round: Round) => number): number => median(own.map(of));
  return [
    atLeast(
      `CPU of Flink, times that of the embedded engine (${name}, without Kafka’s)`,
      ratio(({ embedded, flink }) => flink.flinkCpuMs / embedded.cpuMs),
      1,
    ),
    told(
      '  the same, with that of Kafka',
      ratio(({ embedded, flink }) => (flink.flinkCpuMs + flink.kafkaCpuMs) / embedded.cpuMs),
    ),
    told(
      '  embedded engine: CPU-seconds a million events',
      perMillion(({ embedded }) => embedded.cpuMs),
    ),
    told(
      '  Flink: CPU-seconds a million events',
      perMillion(({ flink }) => flink.flinkCpuMs),
    ),
    told(
      '  Kafka under Flink: CPU-seconds a million events',
      perMillion(({ flink }) => flink.kafkaCpuMs),
    ),
    told(
      '  embedded engine: events per second of wall time',
      rate(({ embedded }) => embedded.wallMs),
    ),
    told(
      '  Flink: events per second of wall time',
      rate(({ flink }) => flink.wallMs),
    ),
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function measure(directory: string, { isQuick }: Run): Promise<{ input: Input; rounds: Round[] }> {
  const options = [
    '--regions',
    'a',
    '--without',
    ...OPTIONAL_PARTS,
    '--checkpoint-interval',
    String(CHECKPOINT_INTERVAL_MS),
    '--state-backend',
    'hashmap',
    '--state-memory',
    String(STATE_MIB),
  ];
  const cluster = await BenchCluster.start(join(directory, 'cluster'), options);
  try {
    const { kafka } = cluster.addresses.regions['a'];
    await makeTopics(kafka);
    const input = await makeInput(directory, kafka, isQuick ? 200_000 : 1_000_000);
    progress(`${input.events} events of ${Math.round(input.bytes / input.events)} bytes`);
    return { input, rounds: await runRounds(directory, cluster, input, isQuick ? 1 : 3) };
  } finally {
    await cluster.stop();
  }
}

await answer(async (run) => {
  const { input, rounds } = await withDirectory(run, (directory) => measure(directory, run));
  return { findings: TASKS.flatMap((task) => findingsOf(task, rounds, input)), raw: { input, rounds } };
});
