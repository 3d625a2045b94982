import {
  at,
  configPath,
  dataPath,
  HOST,
  urlOf,
  type ClusterLayout,
  type Runtime,
} from '../cluster-layout.ts';
import { jvmCommand, loggingFile, openModules, propertiesText } from './jvm-command.ts';
import { PROCESS_MEMORY } from './process-memory.ts';
import type { ConfigFile, ProcessPlan } from '../process-plan.ts';

/** One that is started again waits for as long until ZooKeeper has forgotten the one that was killed. */
const SESSION_MS = 10_000;

const MODULES = openModules([
  'java.nio',
  'sun.nio.ch',
  'java.lang',
  'java.util',
  'java.lang.reflect',
  'sun.nio.fs',
]);

/** The Pinot of a region: controller, broker and server in one JVM. Its cluster in ZooKeeper has the name of the region. */
export function pinotPlan(layout: ClusterLayout, runtime: Runtime, region: string): ProcessPlan {
  const ports = layout.ports.regions[region];
  const files = roleFiles(layout, region);
  const plugins = runtime.pinotPlugins ?? dataPath(layout, `pinot-${region}`, 'plugins');
  return {
    name: `pinot-${region}`,
    memoryMib: PROCESS_MEMORY.pinot.planned,
    command: jvmCommand(layout, runtime, {
      memory: PROCESS_MEMORY.pinot,
      jars: ['pinot'],
      flags: [...MODULES, `-Dplugins.dir=${plugins}`, `-Dzk.session.timeout=${SESSION_MS}`],
      mainClass: 'org.apache.pinot.tools.admin.PinotAdministrator',
      args: [
        'StartServiceManager',
        '-zkAddress',
        at(layout.ports.zookeeper),
        '-clusterName',
        clusterName(region),
        // Its own HTTP API is not needed.
        '-port',
        '-1',
        '-bootstrapConfigPaths',
        ...files.map(({ path }) => path),
      ],
    }),
    environment: {},
    files: [loggingFile(layout), ...files],
    folders: [dataPath(layout, `pinot-${region}`)],
    ports: [
      { number: ports.pinotController, use: `Pinot’s controller of ${region}` },
      { number: ports.pinotBroker, use: `Pinot’s broker of ${region}` },
      { number: ports.pinotServer, use: `Pinot’s server of ${region}` },
      { number: ports.pinotServerAdmin, use: `the admin API of Pinot’s server of ${region}` },
    ],
    waitsFor: ['zookeeper'],
    readiness: {
      kind: 'http',
      pages: [ports.pinotController, ports.pinotBroker, ports.pinotServerAdmin].map((port) => ({
        url: `${urlOf(port)}/health`,
        shows: 'OK',
      })),
    },
    url: urlOf(ports.pinotController),
  };
}

function clusterName(region: string): string {
  return `adtally-${region}`;
}

function roleFiles(layout: ClusterLayout, region: string): ConfigFile[] {
  const file = (role: string, settings: Record<string, string | number | boolean>): ConfigFile => ({
    path: configPath(layout, `pinot-${region}-${role}.properties`),
    text: propertiesText({ 'pinot.service.role': role.toUpperCase(), ...settings }),
  });
  return [
    file('controller', controllerSettings(layout, region)),
    file('broker', brokerSettings(layout, region)),
    file('server', serverSettings(layout, region)),
  ];
}

function controllerSettings(
  layout: ClusterLayout,
  region: string,
): Record<string, string | number | boolean> {
  const port = layout.ports.regions[region].pinotController;
  return {
    'controller.zk.str': at(layout.ports.zookeeper),
    'controller.helix.cluster.name': clusterName(region),
    'controller.host': HOST,
    'controller.port': port,
    'controller.vip.host': HOST,
    'controller.vip.port': port,
    'controller.data.dir': dataPath(layout, `pinot-${region}`, 'controller'),
    'controller.local.temp.dir': dataPath(layout, `pinot-${region}`, 'controller-tmp'),
    ...httpAccess('controller', port),
    'pinot.set.instance.id.to.hostname': false,
  };
}

function brokerSettings(layout: ClusterLayout, region: string): Record<string, string | number | boolean> {
  const port = layout.ports.regions[region].pinotBroker;
  return {
    'pinot.zk.server': at(layout.ports.zookeeper),
    'pinot.cluster.name': clusterName(region),
    'pinot.broker.hostname': HOST,
    'pinot.broker.client.queryPort': port,
    'pinot.broker.delayShutdownTimeMs': 0,
    ...httpAccess('pinot.broker.client', port),
  };
}

function serverSettings(layout: ClusterLayout, region: string): Record<string, string | number | boolean> {
  const { pinotServer, pinotServerAdmin, pinotServerGrpc } = layout.ports.regions[region];
  return {
    'pinot.zk.server': at(layout.ports.zookeeper),
    'pinot.cluster.name': clusterName(region),
    'pinot.server.netty.host': HOST,
    'pinot.server.netty.port': pinotServer,
    'pinot.server.adminapi.port': pinotServerAdmin,
    'pinot.server.grpc.enable': false,
    'pinot.server.grpc.port': pinotServerGrpc,
    'pinot.server.instance.dataDir': dataPath(layout, `pinot-${region}`, 'segments'),
    'pinot.server.instance.segmentTarDir': dataPath(layout, `pinot-${region}`, 'segment-tars'),
    'pinot.server.startup.timeout.ms': 60_000,
    ...httpAccess('pinot.server.adminapi', pinotServerAdmin),
  };
}

/** HTTP on loopback only: without this each of them listens on every address. */
function httpAccess(prefix: string, port: number): Record<string, string | number> {
  return {
    [`${prefix}.access.protocols`]: 'http',
    [`${prefix}.access.protocols.http.host`]: HOST,
    [`${prefix}.access.protocols.http.port`]: port,
  };
}
