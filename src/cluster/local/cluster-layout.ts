import type { ClusterAddresses } from '../addresses.ts';
import type { ClusterPorts } from './port-layout.ts';

export const HOST = '127.0.0.1';

/** Groups of jars; a directory of each is part of a classpath. */
export type JarGroup = 'kafka' | 'flink' | 'flink-gateway' | 'pinot' | 'hive' | 'hive-last';

/** What can be left out of a local cluster. */
export const OPTIONAL_PARTS = ['pinot', 'hive', 'postgres'] as const;
export type OptionalPart = (typeof OPTIONAL_PARTS)[number];

/** Where Flink keeps the state of its jobs, in its words: on the disk with the newest of it in memory, or on its heap. */
export const STATE_BACKENDS = ['rocksdb', 'hashmap'] as const;
export type StateBackend = (typeof STATE_BACKENDS)[number];

export interface StateLayout {
  readonly stateBackend: StateBackend;
  /** Memory for the state of all jobs of a TaskManager. */
  readonly stateMib: number;
}

/** What a local cluster consists of and where it is: all its processes follow from this. */
export interface ClusterLayout extends StateLayout {
  /** Absolute; configuration, logs and data are below it. */
  readonly directory: string;
  /** In the order of the spec, one or two. */
  readonly regions: readonly string[];
  readonly without: readonly OptionalPart[];
  readonly ports: ClusterPorts;
  readonly checkpointIntervalMs: number;
}

/** What the processes run with. */
export interface Runtime {
  /** The program. */
  readonly java: string;
  /** Directory of the jars of each group that is needed. */
  readonly jars: Readonly<Partial<Record<JarGroup, string>>>;
  /** Folder of Pinot's plugins, where they are not among its jars. */
  readonly pinotPlugins?: string;
  readonly postgres: PostgresRuntime;
}

export interface PostgresRuntime {
  /** Directory of its programs. */
  readonly programs: string;
  /** Who it runs as; null for the user of the command. It refuses to be root. */
  readonly user: string | null;
}

export const CONFIG_FOLDER = 'config';
export const DATA_FOLDER = 'data';
export const LOG_FOLDER = 'logs';

export function configPath({ directory }: ClusterLayout, ...names: readonly string[]): string {
  return [directory, CONFIG_FOLDER, ...names].join('/');
}

export function dataPath({ directory }: ClusterLayout, ...names: readonly string[]): string {
  return [directory, DATA_FOLDER, ...names].join('/');
}

/** Which jars a layout needs. */
export function jarGroupsOf({ without }: ClusterLayout): JarGroup[] {
  return [
    'kafka',
    'flink',
    'flink-gateway',
    ...(without.includes('pinot') ? [] : (['pinot'] as const)),
    ...(without.includes('hive') ? [] : (['hive', 'hive-last'] as const)),
  ];
}

/** Where everything answers, for all who talk to the cluster. */
export function addressesOf(layout: ClusterLayout): ClusterAddresses {
  const { ports, regions, without } = layout;
  return {
    regions: Object.fromEntries(
      regions.map((region) => {
        const own = ports.regions[region];
        return [
          region,
          {
            kafka: at(own.kafka),
            ...(without.includes('pinot')
              ? {}
              : { pinotController: urlOf(own.pinotController), pinotBroker: urlOf(own.pinotBroker) }),
          },
        ];
      }),
    ),
    flink: urlOf(ports.flink),
    sqlGateway: urlOf(ports.sqlGateway),
    ...(without.includes('hive') ? {} : { hive: at(ports.hive) }),
    ...(without.includes('postgres') ? {} : { postgres: postgresUrl(ports.postgres) }),
    warehouse: `file://${dataPath(layout, 'warehouse')}`,
    checkpointIntervalMs: layout.checkpointIntervalMs,
    pinotDialect: '0.11',
    pinotReplication: 1,
  };
}

/** The role that owns its databases. */
export const POSTGRES_ROLE = 'adtally';
/** There from the start. */
const POSTGRES_DATABASE = 'postgres';

function postgresUrl(port: number): string {
  return `postgresql://${POSTGRES_ROLE}@${at(port)}/${POSTGRES_DATABASE}`;
}

/** `host:port` on this machine. */
export function at(port: number): string {
  return `${HOST}:${port}`;
}

export function urlOf(port: number): string {
  return `http://${at(port)}`;
}
