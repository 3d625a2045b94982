import { at, configPath, dataPath, HOST, type ClusterLayout, type Runtime } from '../cluster-layout.ts';
import { jvmCommand, loggingFile, propertiesText, QUICK_COMPILER } from './jvm-command.ts';
import { PROCESS_MEMORY } from './process-memory.ts';
import type { ProcessPlan } from '../process-plan.ts';

const TICK_MS = 2000;

/** ZooKeeper, as Flink brings it along: it keeps who leads Flink and its jobs, and what the Pinots hold. */
export function zooKeeperPlan(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { zookeeper } = layout.ports;
  const file = configPath(layout, 'zookeeper.properties');
  const folder = dataPath(layout, 'zookeeper');
  return {
    name: 'zookeeper',
    memoryMib: PROCESS_MEMORY.zookeeper.planned,
    command: jvmCommand(layout, runtime, {
      memory: PROCESS_MEMORY.zookeeper,
      jars: ['flink'],
      flags: [QUICK_COMPILER],
      mainClass: 'org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer',
      args: ['--zkConfigFile', file, '--peerId', '1'],
    }),
    environment: {},
    files: [
      loggingFile(layout),
      {
        path: file,
        text: propertiesText({
          tickTime: TICK_MS,
          initLimit: 10,
          syncLimit: 5,
          dataDir: folder,
          clientPort: zookeeper,
          clientPortAddress: HOST,
          maxClientCnxns: 0,
          'autopurge.snapRetainCount': 3,
          'autopurge.purgeInterval': 1,
          'admin.enableServer': false,
          '4lw.commands.whitelist': 'srvr',
        }),
      },
    ],
    folders: [folder],
    ports: [{ number: zookeeper, use: 'ZooKeeper' }],
    waitsFor: [],
    readiness: { kind: 'zookeeper', address: at(zookeeper) },
    url: at(zookeeper),
  };
}
