import { mirroredTopics } from '../../cluster-plan.ts';
import { at, configPath, HOST, type ClusterLayout, type Runtime } from '../cluster-layout.ts';
import { jvmCommand, loggingFile, propertiesText } from './jvm-command.ts';
import { PROCESS_MEMORY } from './process-memory.ts';
import type { ProcessPlan } from '../process-plan.ts';

const REFRESH_SECONDS = 5;

/** MirrorMaker 2: carries what each region counted into the Kafka of the other one, exactly once. */
export function mirrorMakerPlan(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { mirrorMaker } = layout.ports;
  const file = configPath(layout, 'mirror-maker.properties');
  return {
    name: 'mirror-maker',
    memoryMib: PROCESS_MEMORY.mirrorMaker.planned,
    command: jvmCommand(layout, runtime, {
      memory: PROCESS_MEMORY.mirrorMaker,
      jars: ['kafka'],
      mainClass: 'org.apache.kafka.connect.mirror.MirrorMaker',
      args: [file],
    }),
    environment: {},
    files: [loggingFile(layout), { path: file, text: mirrorConfiguration(layout) }],
    folders: [],
    ports: [{ number: mirrorMaker, use: 'MirrorMaker' }],
    waitsFor: layout.regions.map((region) => `kafka-${region}`),
    readiness: { kind: 'tcp', address: at(mirrorMaker) },
    url: at(mirrorMaker),
  };
}

function mirrorConfiguration({ regions, ports }: ClusterLayout): string {
  const ways = regions.flatMap((from) => regions.filter((to) => to !== from).map((to) => [from, to]));
  return propertiesText({
    clusters: regions.join(','),
    ...Object.fromEntries(
      regions.flatMap((region) => [
        [`${region}.bootstrap.servers`, at(ports.regions[region].kafka)],
        [`${region}.consumer.isolation.level`, 'read_committed'],
        [`${region}.exactly.once.source.support`, 'enabled'],
      ]),
    ),
    ...Object.fromEntries(ways.flatMap(([from, to]) => Object.entries(wayConfiguration(from, to)))),
    ...sourceSettings(),
    'replication.factor': 1,
    'checkpoints.topic.replication.factor': 1,
    'heartbeats.topic.replication.factor': 1,
    'offset-syncs.topic.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'config.storage.replication.factor': 1,
    'offset.flush.interval.ms': 1000,
    'tasks.max': 2,
    'dedicated.mode.enable.internal.rest': true,
    listeners: `http://${HOST}:${ports.mirrorMaker}`,
  });
}

function wayConfiguration(from: string, to: string): Record<string, string | boolean> {
  const way = `${from}->${to}`;
  return {
    [`${way}.enabled`]: true,
    [`${way}.topics`]: mirroredPattern(from, ','),
    [`${way}.groups`]: 'none',
    [`${way}.consumer.isolation.level`]: 'read_committed',
  };
}

/** How a topic is read and named, wherever MirrorMaker runs. */
export function sourceSettings(): Record<string, string | number | boolean> {
  return {
    'replication.policy.class': 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy',
    'emit.checkpoints.enabled': false,
    'emit.heartbeats.enabled': false,
    'sync.group.offsets.enabled': false,
    'sync.topic.acls.enabled': false,
    'refresh.topics.interval.seconds': REFRESH_SECONDS,
    'refresh.groups.enabled': false,
    'consumer.isolation.level': 'read_committed',
    'consumer.auto.offset.reset': 'earliest',
  };
}

/** What is mirrored from a region, as a pattern: a dot alone would match any character. */
export function mirroredPattern(from: string, or: ',' | '|'): string {
  return mirroredTopics(from)
    .map((topic) => topic.replaceAll('.', '[.]'))
    .join(or);
}
