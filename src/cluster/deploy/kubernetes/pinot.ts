import { PROCESS_MEMORY } from '../../local/processes/process-memory.ts';
import { javaOptions } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';
import { statefulServer } from './stateful-set.ts';

const IMAGE = 'apachepinot/pinot:1.4.0';
const ZOOKEEPER_IMAGE = 'zookeeper:3.9.3';
const ZOOKEEPER = 'zookeeper';
const ZOOKEEPER_PORT = 2181;
const ROLES = [
  { role: 'controller', starts: 'StartController', port: 9000 },
  { role: 'broker', starts: 'StartBroker', port: 8099 },
  { role: 'server', starts: 'StartServer', port: 8097 },
] as const;

/** Where the Pinot of a region is asked. */
export function brokerUrlOf(region: string): string {
  return `http://${nameOf(region, 'broker')}:${ROLES[1].port}`;
}

export function controllerUrlOf(region: string): string {
  return `http://${nameOf(region, 'controller')}:${ROLES[0].port}`;
}

function nameOf(region: string, role: (typeof ROLES)[number]['role']): string {
  return `pinot-${region}-${role}`;
}

/** Keeps what the Pinots hold; Flink keeps its own in Kubernetes. */
export function zooKeeperResources(): YamlFields[] {
  const { heap } = PROCESS_MEMORY.zookeeper;
  return statefulServer({
    name: ZOOKEEPER,
    image: ZOOKEEPER_IMAGE,
    memory: PROCESS_MEMORY.zookeeper,
    environment: {
      ZK_SERVER_HEAP: String(heap),
      ZOO_AUTOPURGE_PURGEINTERVAL: '1',
      ZOO_AUTOPURGE_SNAPRETAINCOUNT: '3',
    },
    ports: { client: ZOOKEEPER_PORT },
    readiness: { tcpSocket: { port: 'client' } },
    storage: { size: '5Gi', path: '/data' },
  });
}

/** The Pinot of a region: a controller, a broker and a server, each with what the table of memory has for all three in one. */
export function pinotResources(region: string): YamlFields[] {
  return ROLES.flatMap(({ role, starts, port }) => {
    const name = nameOf(region, role);
    const address = role === 'controller' ? ['-controllerHost', name, '-controllerPort', String(port)] : [];
    const data = role === 'controller' ? ['-dataDir', '/var/pinot/controller'] : [];
    const folders =
      role === 'server' ? ['-dataDir', '/var/pinot/segments', '-segmentDir', '/var/pinot/segment-tars'] : [];
    return statefulServer({
      name,
      image: IMAGE,
      memory: PROCESS_MEMORY.pinot,
      args: [
        starts,
        '-zkAddress',
        `${ZOOKEEPER}:${ZOOKEEPER_PORT}`,
        '-clusterName',
        `adtally-${region}`,
        ...address,
        ...data,
        ...folders,
      ],
      environment: { JAVA_OPTS: javaOptions(PROCESS_MEMORY.pinot) },
      ports: { http: port },
      readiness: { httpGet: { path: '/health', port: 'http' } },
      storage: { size: role === 'broker' ? '1Gi' : '50Gi', path: '/var/pinot' },
    });
  });
}
