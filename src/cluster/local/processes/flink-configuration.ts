import { at, configPath, dataPath, HOST, type ClusterLayout } from '../cluster-layout.ts';
import { PROCESS_MEMORY, stateMemory, TASK_MANAGER_PARTS } from './process-memory.ts';
import type { ConfigFile } from '../process-plan.ts';

/** Aggregation, attribution, union and load. */
const JOBS_OF_A_REGION = 3;
/** The warehouse is written by one region for all. */
const JOBS_OF_ALL = 1;
const PARALLELISM = 2;
/** While a process is down its jobs are tried again and again; they must still be there when it is back. */
const RESTART_ATTEMPTS = 1_000_000;

export type Setting = string | number | boolean;

/** Folders that Flink writes to. */
export function flinkFolders(layout: ClusterLayout): string[] {
  return ['checkpoints', 'savepoints', 'ha', 'tmp'].map((name) => dataPath(layout, 'flink', name));
}

/** Flink's config.yaml, of JobManager, TaskManager and SQL gateway alike. */
export function flinkConfiguration(layout: ClusterLayout): ConfigFile {
  const settings = {
    ...addresses(layout),
    ...memory(layout),
    ...durability(layout),
    ...slotSettings(layout),
    ...metricSettings(),
  };
  const text = Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`);
  return { path: configPath(layout, 'flink', 'config.yaml'), text: text.join('') };
}

function addresses({ ports }: ClusterLayout): Record<string, Setting> {
  return {
    'jobmanager.bind-host': HOST,
    'jobmanager.rpc.address': HOST,
    'jobmanager.rpc.port': ports.jobManagerRpc,
    'blob.server.port': ports.jobManagerBlob,
    'taskmanager.bind-host': HOST,
    'taskmanager.host': HOST,
    // Another one in each life, and for its metrics too: where a killed one was the JobManager may never hear of the one that starts.
    'taskmanager.rpc.port': 0,
    'taskmanager.data.port': ports.taskManagerData,
    'rest.address': HOST,
    'rest.bind-address': HOST,
    'rest.port': ports.flink,
    'rest.bind-port': ports.flink,
    // Without a bind port of its own the gateway takes the JobManager's.
    'sql-gateway.endpoint.rest.address': HOST,
    'sql-gateway.endpoint.rest.bind-address': HOST,
    'sql-gateway.endpoint.rest.port': ports.sqlGateway,
    'sql-gateway.endpoint.rest.bind-port': ports.sqlGateway,
    'sql-gateway.session.idle-timeout': '2 h',
  };
}

function memory(layout: ClusterLayout): Record<string, Setting> {
  return {
    'jobmanager.memory.heap.size': `${PROCESS_MEMORY.jobManager.heap}m`,
    ...jobManagerParts(),
    ...taskManagerParts(layout),
  };
}

/** Beside the heap. */
export function jobManagerParts(): Record<string, Setting> {
  const { direct, metaspace } = PROCESS_MEMORY.jobManager;
  return {
    'jobmanager.memory.off-heap.size': `${direct}m`,
    'jobmanager.memory.jvm-metaspace.size': `${metaspace}m`,
  };
}

export function taskManagerParts(layout: ClusterLayout): Record<string, Setting> {
  const parts = TASK_MANAGER_PARTS;
  const state = stateMemory(layout);
  return {
    'taskmanager.memory.framework.heap.size': `${parts.frameworkHeap}m`,
    'taskmanager.memory.task.heap.size': `${parts.taskHeap + state.heap}m`,
    'taskmanager.memory.framework.off-heap.size': `${parts.frameworkOffHeap}m`,
    'taskmanager.memory.task.off-heap.size': `${parts.taskOffHeap}m`,
    'taskmanager.memory.network.min': `${parts.network}m`,
    'taskmanager.memory.network.max': `${parts.network}m`,
    'taskmanager.memory.managed.size': `${parts.managed + state.managed}m`,
    'taskmanager.memory.jvm-metaspace.size': `${PROCESS_MEMORY.taskManager.metaspace}m`,
    'taskmanager.memory.jvm-overhead.min': `${parts.overhead}m`,
    'taskmanager.memory.jvm-overhead.max': `${parts.overhead}m`,
  };
}

function durability(layout: ClusterLayout): Record<string, Setting> {
  const folder = (name: string): string => `file://${dataPath(layout, 'flink', name)}`;
  return {
    'high-availability.type': 'zookeeper',
    'high-availability.zookeeper.quorum': at(layout.ports.zookeeper),
    'high-availability.zookeeper.path.root': '/flink',
    'high-availability.zookeeper.client.session-timeout': '10 s',
    'high-availability.cluster-id': '/adtally',
    'high-availability.storageDir': folder('ha'),
    'high-availability.jobmanager.port': layout.ports.jobManagerRpc,
    ...checkpointSettings(layout, folder),
    'io.tmp.dirs': dataPath(layout, 'flink', 'tmp'),
  };
}

/** How state is kept and found again, wherever Flink runs; `folder` gives the URI of a folder that all of it sees. */
export function checkpointSettings(
  { checkpointIntervalMs, stateBackend }: Pick<ClusterLayout, 'checkpointIntervalMs' | 'stateBackend'>,
  folder: (name: string) => string,
): Record<string, Setting> {
  return {
    'state.backend.type': stateBackend,
    // Only what is new is written. All of it, once a second, would take longer the more is remembered.
    ...(stateBackend === 'rocksdb' ? { 'execution.checkpointing.incremental': true } : {}),
    'execution.checkpointing.dir': folder('checkpoints'),
    'execution.checkpointing.savepoint-dir': folder('savepoints'),
    'execution.checkpointing.interval': `${checkpointIntervalMs} ms`,
    'execution.checkpointing.mode': 'EXACTLY_ONCE',
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'execution.checkpointing.num-retained': 3,
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': RESTART_ATTEMPTS,
    'restart-strategy.fixed-delay.delay': '2 s',
    'heartbeat.interval': '2000 ms',
    'heartbeat.timeout': '8000 ms',
  };
}

export function slotSettings({ regions }: ClusterLayout): Record<string, Setting> {
  return {
    'taskmanager.numberOfTaskSlots': (regions.length * JOBS_OF_A_REGION + JOBS_OF_ALL) * PARALLELISM,
    'taskmanager.cpu.cores': '2.0',
    'parallelism.default': PARALLELISM,
    'jobmanager.execution.failover-strategy': 'region',
  };
}

/**
 * The JobManager asks all TaskManagers for metrics at once, and nobody again before all have answered: of one that stands still it would wait ten
 * minutes, in which nobody hears of commits that failed. A job that is submitted must be taken within that time, too.
 */
export function metricSettings(): Record<string, Setting> {
  return { 'web.timeout': '60 s' };
}
