import type { StateLayout } from '../cluster-layout.ts';

/** What a JVM of the local cluster may take. All in MiB. */
export interface ProcessMemory {
  readonly heap: number;
  readonly metaspace: number;
  /** Buffers beside the heap. */
  readonly direct: number;
  /** What the whole process is planned with: heap, classes, buffers, threads and code. */
  readonly planned: number;
}

/** For the state of all jobs, unless the layout says otherwise. */
export const STATE_MIB = 768;

/** Flink is told the other parts of a TaskManager in its own words; they must fit what its JVM gets. */
export const TASK_MANAGER_PARTS = {
  frameworkHeap: 128,
  taskHeap: 768,
  frameworkOffHeap: 128,
  taskOffHeap: 64,
  network: 128,
  /** Beside the state: for what SQL sorts and buffers. */
  managed: 64,
  overhead: 192,
} as const;

const { frameworkHeap, taskHeap, frameworkOffHeap, taskOffHeap, network } = TASK_MANAGER_PARTS;

/** The one table of memory: JVM flags, Flink's configuration and the check before a start follow from it. */
export const PROCESS_MEMORY = {
  zookeeper: { heap: 96, metaspace: 64, direct: 32, planned: 192 },
  kafka: { heap: 400, metaspace: 96, direct: 128, planned: 576 },
  mirrorMaker: { heap: 384, metaspace: 128, direct: 64, planned: 640 },
  jobManager: { heap: 448, metaspace: 256, direct: 128, planned: 768 },
  /** Without the state. */
  taskManager: {
    heap: frameworkHeap + taskHeap,
    metaspace: 384,
    direct: frameworkOffHeap + taskOffHeap + network,
    planned: 1856,
  },
  sqlGateway: { heap: 448, metaspace: 256, direct: 64, planned: 640 },
  hive: { heap: 640, metaspace: 320, direct: 128, planned: 1024 },
  pinot: { heap: 640, metaspace: 192, direct: 512, planned: 1024 },
} as const satisfies Record<string, ProcessMemory>;

/** PostgreSQL is no JVM: a part that its processes share, and one for each connection. In MiB. */
export const POSTGRES_MEMORY = { sharedBuffers: 64, workMem: 4, maintenance: 32, planned: 256 } as const;
export const POSTGRES_CONNECTIONS = 60;

/** Where the state of the jobs is: RocksDB has it beside the heap. */
export function stateMemory({ stateBackend, stateMib }: StateLayout): { heap: number; managed: number } {
  return stateBackend === 'rocksdb' ? { heap: 0, managed: stateMib } : { heap: stateMib, managed: 0 };
}

/** The TaskManager's, with the state of its jobs. */
export function taskManagerMemory(layout: StateLayout): ProcessMemory {
  const { taskManager } = PROCESS_MEMORY;
  const { heap, managed } = stateMemory(layout);
  return { ...taskManager, heap: taskManager.heap + heap, planned: taskManager.planned + heap + managed };
}

/** The flags that hold a JVM to it. */
export function memoryFlags({ heap, metaspace, direct }: ProcessMemory): string[] {
  return [
    '-Xms64m',
    `-Xmx${heap}m`,
    `-XX:MaxMetaspaceSize=${metaspace}m`,
    `-XX:MaxDirectMemorySize=${direct}m`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
  ];
}
