import { at, configPath, urlOf, type ClusterLayout, type JarGroup, type Runtime } from '../cluster-layout.ts';
import { flinkConfiguration, flinkFolders } from './flink-configuration.ts';
import { jvmCommand, loggingFile, openModules, QUICK_COMPILER } from './jvm-command.ts';
import { PROCESS_MEMORY, taskManagerMemory, type ProcessMemory } from './process-memory.ts';
import { START_MARK, type ProcessPlan } from '../process-plan.ts';

/** The JobManager lists one that died until it misses its heartbeats: each life has a name of its own. */
const TASK_MANAGER_ID = `taskmanager-${START_MARK}`;

/** What Flink must be let into, as flags of its JVMs. */
export const JVM_MODULES = openModules(
  [
    'java.lang',
    'java.net',
    'java.io',
    'java.nio',
    'sun.nio.ch',
    'java.lang.reflect',
    'java.text',
    'java.time',
    'java.util',
    'java.util.concurrent',
    'java.util.concurrent.atomic',
    'java.util.concurrent.locks',
  ],
  ['java.rmi/sun.rmi.registry', 'java.security.jgss/sun.security.krb5'],
);

/** Flink, shared by the regions: a JobManager that finds its jobs again in ZooKeeper, a TaskManager and the SQL gateway. */
export function flinkPlans(layout: ClusterLayout, runtime: Runtime): ProcessPlan[] {
  return [jobManager(layout, runtime), taskManager(layout, runtime), sqlGateway(layout, runtime)];
}

function jobManager(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { flink, jobManagerRpc, jobManagerBlob, jobManagerMetrics } = layout.ports;
  return {
    ...commonPlan(layout, runtime, {
      memory: PROCESS_MEMORY.jobManager,
      flags: [QUICK_COMPILER],
      mainClass: 'org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint',
      args: [
        '--configDir',
        configPath(layout, 'flink'),
        '-D',
        `metrics.internal.query-service.port=${jobManagerMetrics}`,
      ],
    }),
    name: 'jobmanager',
    ports: [
      { number: flink, use: 'Flink’s REST API' },
      { number: jobManagerRpc, use: 'Flink’s JobManager' },
      { number: jobManagerBlob, use: 'Flink’s BLOB server' },
      { number: jobManagerMetrics, use: 'metrics of the JobManager' },
    ],
    waitsFor: ['zookeeper'],
    readiness: { kind: 'http', pages: [{ url: `${urlOf(flink)}/overview`, shows: 'flink-version' }] },
    url: urlOf(flink),
  };
}

function taskManager(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { flink, taskManagerData } = layout.ports;
  return {
    ...commonPlan(layout, runtime, {
      memory: taskManagerMemory(layout),
      mainClass: 'org.apache.flink.runtime.taskexecutor.TaskManagerRunner',
      args: ['--configDir', configPath(layout, 'flink'), '-D', `taskmanager.resource-id=${TASK_MANAGER_ID}`],
    }),
    name: 'taskmanager',
    ports: [{ number: taskManagerData, use: 'data of the TaskManager' }],
    waitsFor: ['jobmanager'],
    readiness: {
      kind: 'http',
      pages: [{ url: `${urlOf(flink)}/taskmanagers`, shows: `"id":"${TASK_MANAGER_ID}"` }],
    },
    url: at(taskManagerData),
  };
}

function sqlGateway(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { sqlGateway: port } = layout.ports;
  return {
    ...commonPlan(layout, runtime, {
      memory: PROCESS_MEMORY.sqlGateway,
      flags: [QUICK_COMPILER],
      more: ['flink-gateway'],
      mainClass: 'org.apache.flink.table.gateway.SqlGateway',
      args: [],
    }),
    name: 'sql-gateway',
    ports: [{ number: port, use: 'Flink’s SQL gateway' }],
    waitsFor: ['jobmanager'],
    readiness: { kind: 'http', pages: [{ url: `${urlOf(port)}/info`, shows: 'productName' }] },
    url: urlOf(port),
  };
}

function commonPlan(
  layout: ClusterLayout,
  runtime: Runtime,
  jvm: {
    memory: ProcessMemory;
    flags?: readonly string[];
    more?: readonly JarGroup[];
    mainClass: string;
    args: readonly string[];
  },
): Pick<ProcessPlan, 'memoryMib' | 'command' | 'environment' | 'files' | 'folders'> {
  const { memory, flags = [], more = [], mainClass, args } = jvm;
  const jars: JarGroup[] = ['flink', ...more];
  return {
    memoryMib: memory.planned,
    command: jvmCommand(layout, runtime, {
      memory,
      jars,
      flags: [...flags, ...JVM_MODULES],
      mainClass,
      args,
    }),
    environment: { FLINK_CONF_DIR: configPath(layout, 'flink') },
    files: [loggingFile(layout), flinkConfiguration(layout)],
    folders: flinkFolders(layout),
  };
}
