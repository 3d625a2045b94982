import type { ClusterLayout } from '../../local/cluster-layout.ts';
import {
  checkpointSettings,
  jobManagerParts,
  metricSettings,
  slotSettings,
  taskManagerParts,
} from '../../local/processes/flink-configuration.ts';
import { JVM_MODULES } from '../../local/processes/flink.ts';
import {
  PROCESS_MEMORY,
  TASK_MANAGER_PARTS,
  taskManagerMemory,
} from '../../local/processes/process-memory.ts';
import { FLINK_IMAGE } from '../images.ts';
import { containerResources, javaOptions } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';

export const NAME = 'flink';
export const REST_PORT = 8081;
export const GATEWAY_PORT = 8083;
const STORAGE = '20Gi';
/** The volume that every part of Flink sees: checkpoints, and the warehouse for Hive. */
export const FLINK_DATA = { claim: 'flink-data', path: '/flink-data' };
/** Of Flink's image: whose the volume is. */
export const FLINK_USER = 9999;
const GATEWAY_CONFIG = '/opt/flink/gateway-conf';

/** Flink for the jobs of all regions: a session cluster for the Flink operator, the SQL gateway beside it, and the folder that both see. */
export function flinkResources(layout: ClusterLayout): YamlFields[] {
  return [storage(), session(layout), gatewayConfiguration(), gateway(), gatewayService()];
}

function storage(): YamlFields {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: FLINK_DATA.claim },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: STORAGE } } },
  };
}

function session(layout: ClusterLayout): YamlFields {
  const { jobManager } = PROCESS_MEMORY;
  const { overhead } = TASK_MANAGER_PARTS;
  const folder = (name: string): string => `file://${FLINK_DATA.path}/${name}`;
  // The operator is told the size of a process; what is left beside the parts is heap.
  const jobManagerMib = jobManager.heap + jobManager.direct + jobManager.metaspace + overhead;
  return {
    apiVersion: 'flink.apache.org/v1beta1',
    kind: 'FlinkDeployment',
    metadata: { name: NAME },
    spec: {
      image: FLINK_IMAGE,
      flinkVersion: 'v2_3',
      serviceAccount: NAME,
      flinkConfiguration: {
        'high-availability.type': 'kubernetes',
        'high-availability.storageDir': folder('ha'),
        ...checkpointSettings(layout, folder),
        ...jobManagerParts(),
        'jobmanager.memory.jvm-overhead.min': `${overhead}m`,
        'jobmanager.memory.jvm-overhead.max': `${overhead}m`,
        ...taskManagerParts(layout),
        ...slotSettings(layout),
        ...metricSettings(),
        'env.java.opts.all': JVM_MODULES.join(' '),
      },
      podTemplate: {
        apiVersion: 'v1',
        kind: 'Pod',
        spec: {
          securityContext: { fsGroup: FLINK_USER },
          containers: [
            { name: 'flink-main-container', volumeMounts: [{ name: 'data', mountPath: FLINK_DATA.path }] },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: FLINK_DATA.claim } }],
        },
      },
      jobManager: { replicas: 1, resource: { memory: `${jobManagerMib}m`, cpu: 1 } },
      taskManager: {
        replicas: 1,
        resource: { memory: `${taskManagerMemory(layout).planned}m`, cpu: 2 },
      },
      mode: 'standalone',
    },
  };
}

function gatewayConfiguration(): YamlFields {
  const settings = {
    'execution.target': 'remote',
    'rest.address': `${NAME}-rest`,
    'rest.port': REST_PORT,
    'sql-gateway.endpoint.rest.address': '0.0.0.0',
    'sql-gateway.endpoint.rest.bind-address': '0.0.0.0',
    'sql-gateway.endpoint.rest.port': GATEWAY_PORT,
    'sql-gateway.endpoint.rest.bind-port': GATEWAY_PORT,
    'sql-gateway.session.idle-timeout': '2 h',
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'sql-gateway' },
    data: { 'config.yaml': text.join('') },
  };
}

function gateway(): YamlFields {
  const labels = { app: 'sql-gateway' };
  const classPath = '/opt/flink/lib/*:/opt/flink/gateway/*';
  const command = `exec java ${[javaOptions(PROCESS_MEMORY.sqlGateway), ...JVM_MODULES].join(' ')} -cp '${classPath}' org.apache.flink.table.gateway.SqlGateway`;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'sql-gateway', labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'sql-gateway',
              image: FLINK_IMAGE,
              command: ['bash', '-c', command],
              env: [{ name: 'FLINK_CONF_DIR', value: GATEWAY_CONFIG }],
              ports: [{ name: 'rest', containerPort: GATEWAY_PORT }],
              readinessProbe: { httpGet: { path: '/info', port: 'rest' } },
              resources: containerResources(PROCESS_MEMORY.sqlGateway),
              volumeMounts: [{ name: 'configuration', mountPath: GATEWAY_CONFIG }],
            },
          ],
          volumes: [{ name: 'configuration', configMap: { name: 'sql-gateway' } }],
        },
      },
    },
  };
}

function gatewayService(): YamlFields {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'sql-gateway' },
    spec: {
      selector: { app: 'sql-gateway' },
      ports: [{ name: 'rest', port: GATEWAY_PORT, targetPort: 'rest' }],
    },
  };
}
