import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { topicsOf } from '../../render/topics.ts';
import { brokerSettings } from '../../local/processes/kafka.ts';
import { PROCESS_MEMORY } from '../../local/processes/process-memory.ts';
import { KAFKA_VERSION } from '../images.ts';
import { containerResources } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';

export const STRIMZI = 'kafka.strimzi.io/v1';
const BROKER_PORT = 9092;
const BROKERS = 3;
const PARTITIONS = 6;
const STORAGE = '50Gi';

/** Where clients find the Kafka of a region. */
export function bootstrapOf(region: string): string {
  return `kafka-${region}-kafka-bootstrap:${BROKER_PORT}`;
}

/** The Kafka of a region and all its topics, for the Strimzi operator. */
export function kafkaResources(spec: PipelineSpec, region: string): YamlFields[] {
  const name = `kafka-${region}`;
  return [nodePool(name), kafka(name), ...topics(spec, region, name)];
}

function nodePool(cluster: string): YamlFields {
  const { heap, metaspace, direct } = PROCESS_MEMORY.kafka;
  return {
    apiVersion: STRIMZI,
    kind: 'KafkaNodePool',
    metadata: { name: `${cluster}-nodes`, labels: { 'strimzi.io/cluster': cluster } },
    spec: {
      replicas: BROKERS,
      roles: ['controller', 'broker'],
      storage: {
        type: 'jbod',
        volumes: [{ id: 0, type: 'persistent-claim', size: STORAGE, kraftMetadata: 'shared' }],
      },
      resources: containerResources(PROCESS_MEMORY.kafka),
      jvmOptions: {
        '-Xms': `${heap}m`,
        '-Xmx': `${heap}m`,
        '-XX': { MaxMetaspaceSize: `${metaspace}m`, MaxDirectMemorySize: `${direct}m` },
      },
    },
  };
}

function kafka(name: string): YamlFields {
  return {
    apiVersion: STRIMZI,
    kind: 'Kafka',
    metadata: { name },
    spec: {
      kafka: {
        version: KAFKA_VERSION,
        listeners: [{ name: 'plain', port: BROKER_PORT, type: 'internal', tls: false }],
        config: { ...brokerSettings(BROKERS), 'min.insync.replicas': BROKERS - 1 },
      },
      entityOperator: { topicOperator: {} },
    },
  };
}

function topics(spec: PipelineSpec, region: string, cluster: string): YamlFields[] {
  return topicsOf(region, spec, { brokers: BROKERS, partitions: PARTITIONS }).map(
    ({ name, partitions, replicas, config }) => ({
      apiVersion: STRIMZI,
      kind: 'KafkaTopic',
      // Both regions have topics of the same name, and may be in one namespace.
      metadata: { name: `${cluster}.${name}`, labels: { 'strimzi.io/cluster': cluster } },
      spec: { topicName: name, partitions, replicas, config },
    }),
  );
}
