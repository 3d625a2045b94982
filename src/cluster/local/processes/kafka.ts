import { sha256 } from '../../../base/checksum.ts';
import { at, configPath, dataPath, type ClusterLayout, type Runtime } from '../cluster-layout.ts';
import { jvmCommand, loggingFile, propertiesText } from './jvm-command.ts';
import { PROCESS_MEMORY } from './process-memory.ts';
import type { ProcessPlan } from '../process-plan.ts';

/** An hour: Flink's transactions must outlive the longest restart of a job, and this bounds what they may ask for. */
const TRANSACTION_TIMEOUT_MS_MAX = 3_600_000;
const CLUSTER_ID_BYTES = 16;

/** The Kafka of a region: one node, broker and controller in one (KRaft); its storage is formatted once. */
export function kafkaPlan(layout: ClusterLayout, runtime: Runtime, region: string): ProcessPlan {
  const ports = layout.ports.regions[region];
  const file = configPath(layout, `kafka-${region}.properties`);
  const folder = dataPath(layout, `kafka-${region}`);
  const common = { memory: PROCESS_MEMORY.kafka, jars: ['kafka'] } as const;
  return {
    name: `kafka-${region}`,
    memoryMib: PROCESS_MEMORY.kafka.planned,
    command: jvmCommand(layout, runtime, { ...common, mainClass: 'kafka.Kafka', args: [file] }),
    environment: {},
    files: [loggingFile(layout), { path: file, text: brokerConfiguration(layout, region, folder) }],
    folders: [folder],
    ports: [
      { number: ports.kafka, use: `Kafka of ${region}` },
      { number: ports.kafkaController, use: `the KRaft controller of ${region}` },
    ],
    waitsFor: [],
    readiness: { kind: 'kafka', address: at(ports.kafka) },
    url: at(ports.kafka),
    preparation: {
      command: jvmCommand(layout, runtime, {
        ...common,
        mainClass: 'kafka.tools.StorageTool',
        args: ['format', '--standalone', '--ignore-formatted', '-t', clusterId(region), '-c', file],
      }),
      makes: `${folder}/meta.properties`,
    },
  };
}

function brokerConfiguration(layout: ClusterLayout, region: string, folder: string): string {
  const { kafka, kafkaController } = layout.ports.regions[region];
  const listeners = `PLAINTEXT://${at(kafka)},CONTROLLER://${at(kafkaController)}`;
  return propertiesText({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': at(kafkaController),
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': folder,
    ...brokerSettings(1),
  });
}

/** What holds for every broker that keeps so many copies, wherever it runs. */
export function brokerSettings(replicas: number): Readonly<Record<string, number | boolean>> {
  const inSync = Math.max(1, replicas - 1);
  return {
    'num.partitions': 2,
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'transaction.max.timeout.ms': TRANSACTION_TIMEOUT_MS_MAX,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
  };
}

/** 16 bytes as Kafka writes them, another one for each region: so storage of one is never started as the other. */
function clusterId(region: string): string {
  const id = sha256(`adtally cluster ${region}`).subarray(0, CLUSTER_ID_BYTES).toString('base64url');
  // Kafka's tool would take it for an option.
  return id.replace(/^-/, 'A');
}
