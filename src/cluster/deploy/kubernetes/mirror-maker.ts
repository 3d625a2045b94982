import { mirroredPattern, sourceSettings } from '../../local/processes/mirror-maker.ts';
import { mirrorOffsetsTopic } from '../../progress/mirror-positions.ts';
import { PROCESS_MEMORY } from '../../local/processes/process-memory.ts';
import { KAFKA_VERSION } from '../images.ts';
import { containerResources } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';
import { bootstrapOf, STRIMZI } from './kafka.ts';

/** As many as the brokers keep by default. */
const BROKER_DEFAULT = -1;

/** What brings the topics of region `from` into the Kafka of region `to`, for the Strimzi operator; it runs where it writes. */
export function mirrorMaker(from: string, to: string): YamlFields {
  const name = `mirror-${from}-to-${to}`;
  const { heap } = PROCESS_MEMORY.mirrorMaker;
  return {
    apiVersion: STRIMZI,
    kind: 'KafkaMirrorMaker2',
    metadata: { name },
    spec: {
      version: KAFKA_VERSION,
      replicas: 1,
      target: {
        alias: to,
        bootstrapServers: bootstrapOf(to),
        groupId: name,
        configStorageTopic: `__${name}-config`,
        offsetStorageTopic: mirrorOffsetsTopic(from),
        statusStorageTopic: `__${name}-status`,
        config: {
          'config.storage.replication.factor': BROKER_DEFAULT,
          'offset.storage.replication.factor': BROKER_DEFAULT,
          'status.storage.replication.factor': BROKER_DEFAULT,
          'exactly.once.source.support': 'enabled',
          'offset.flush.interval.ms': 1000,
        },
      },
      mirrors: [
        {
          source: { alias: from, bootstrapServers: bootstrapOf(from) },
          sourceConnector: {
            tasksMax: 2,
            config: {
              'replication.factor': BROKER_DEFAULT,
              'offset-syncs.topic.replication.factor': BROKER_DEFAULT,
              'offset-syncs.topic.location': 'target',
              'exactly.once.support': 'required',
              ...sourceSettings(),
            },
          },
          topicsPattern: mirroredPattern(from, '|'),
        },
      ],
      resources: containerResources(PROCESS_MEMORY.mirrorMaker),
      jvmOptions: { '-Xms': `${heap}m`, '-Xmx': `${heap}m` },
    },
  };
}
