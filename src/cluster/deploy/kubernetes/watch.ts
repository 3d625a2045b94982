import type { ClusterAddresses } from '../../addresses.ts';
import type { ClusterLayout } from '../../local/cluster-layout.ts';
import { ADTALLY_IMAGE } from '../images.ts';
import { containerResources } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';
import { FLINK_DATA, FLINK_USER, GATEWAY_PORT, NAME as FLINK, REST_PORT } from './flink.ts';
import { HIVE_ADDRESS } from './hive.ts';
import { bootstrapOf } from './kafka.ts';
import { brokerUrlOf, controllerUrlOf } from './pinot.ts';
import { statefulServer } from './stateful-set.ts';

const NAME = 'adtally';
const ADDRESSES = 'addresses.json';
/** The cluster's directory for all commands: what was applied, what was lost, who is changing it. */
const DIRECTORY = '/var/adtally';
const METRICS_PORT = 7090;
/** Of Node's image, for whom the directory is. */
const NODE_GROUP = 1000;
const MEMORY = { heap: 0, metaspace: 0, direct: 0, planned: 512 };
/** DuckDB takes 512 MB, and spills what does not fit. */
const COMPACTION_MEMORY = { ...MEMORY, planned: 1024 };
const EVERY_NIGHT = '17 2 * * *';

/**
 * `adtally cluster watch`, in a pod in which "plan", "apply" and all other commands are run as well: one place at a time, as they lock a
 * directory.
 */
export function watchResources(layout: ClusterLayout): YamlFields[] {
  const metrics = ['--metrics-host', '0.0.0.0', '--metrics-port', String(METRICS_PORT)];
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME },
      data: { [ADDRESSES]: `${JSON.stringify(addressesIn(layout), undefined, 2)}\n` },
    },
    ...statefulServer({
      name: NAME,
      image: ADTALLY_IMAGE,
      memory: MEMORY,
      args: ['cluster', 'watch', '--data', DIRECTORY, ...metrics],
      environment: {},
      ports: { metrics: METRICS_PORT },
      readiness: { httpGet: { path: '/metrics', port: 'metrics' } },
      storage: { size: '1Gi', path: DIRECTORY },
      // Where Flink has its checkpoints, by the same path.
      shared: FLINK_DATA,
      file: { configMap: NAME, name: ADDRESSES, folder: DIRECTORY },
      group: NODE_GROUP,
    }),
    ...(layout.without.includes('hive') ? [] : [compaction()]),
  ];
}

/** Puts the small files of Hive's warehouse together, by the user who owns them. */
function compaction(): YamlFields {
  const container = {
    name: 'compact',
    image: ADTALLY_IMAGE,
    args: ['cluster', 'compact', '--data', DIRECTORY],
    resources: containerResources(COMPACTION_MEMORY),
    volumeMounts: [
      { name: 'addresses', mountPath: DIRECTORY, readOnly: true },
      { name: 'shared', mountPath: FLINK_DATA.path },
    ],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: `${NAME}-compact` },
    spec: {
      schedule: EVERY_NIGHT,
      concurrencyPolicy: 'Forbid',
      jobTemplate: {
        spec: {
          template: {
            spec: {
              restartPolicy: 'Never',
              securityContext: { runAsUser: FLINK_USER, runAsGroup: FLINK_USER },
              containers: [container],
              volumes: [
                { name: 'addresses', configMap: { name: NAME } },
                { name: 'shared', persistentVolumeClaim: { claimName: FLINK_DATA.claim } },
              ],
            },
          },
        },
      },
    },
  };
}

/** Where the servers are for each other. */
function addressesIn({ regions, without, checkpointIntervalMs }: ClusterLayout): ClusterAddresses {
  const pinotOf = (region: string): object =>
    without.includes('pinot')
      ? {}
      : { pinotController: controllerUrlOf(region), pinotBroker: brokerUrlOf(region) };
  return {
    regions: Object.fromEntries(
      regions.map((region) => [region, { kafka: bootstrapOf(region), ...pinotOf(region) }]),
    ),
    flink: `http://${FLINK}-rest:${REST_PORT}`,
    sqlGateway: `http://sql-gateway:${GATEWAY_PORT}`,
    ...(without.includes('hive') ? {} : { hive: HIVE_ADDRESS }),
    warehouse: `file://${FLINK_DATA.path}/warehouse`,
    checkpointIntervalMs,
    pinotDialect: '1.x',
    pinotReplication: 1,
  };
}
