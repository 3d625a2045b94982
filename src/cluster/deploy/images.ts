import type { ClusterLayout, Runtime } from '../local/cluster-layout.ts';

export const KAFKA_VERSION = '4.3.1';
/** The official image; what adtally adds to it is in flink.Dockerfile. */
export const FLINK_BASE_IMAGE = 'apache/flink:2.3.0-java17';
/** What flink.Dockerfile is built as. */
export const FLINK_IMAGE = 'adtally/flink:2.3.0';

/** What adtally.Dockerfile is built as. */
export const ADTALLY_IMAGE = 'adtally/adtally:0.1.0';
export const HIVE_IMAGE = 'apache/hive:4.0.1';
const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`;

/** What an image has for a process of the plan. */
export interface ImageProgram {
  readonly image: string;
  /** Instead of the command of the plan, where java and the jars of the image are not enough for that. */
  readonly start?: (command: readonly string[]) => {
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  };
}

/** By the program of a process: its name without that of its region. */
const PROGRAMS: Readonly<Record<string, ImageProgram>> = {
  zookeeper: { image: FLINK_IMAGE },
  kafka: { image: KAFKA_IMAGE },
  'mirror-maker': { image: KAFKA_IMAGE },
  jobmanager: { image: FLINK_IMAGE },
  taskmanager: { image: FLINK_IMAGE },
  'sql-gateway': { image: FLINK_IMAGE },
  pinot: { image: 'apachepinot/pinot:0.11.0' },
  // Its script gathers the jars of Hadoop, Tez and Hive. It has Java 8, which knows no modules.
  hive: {
    image: HIVE_IMAGE,
    start: (command) => ({
      command: ['hive', '--skiphadoopversion', '--skiphbasecp', '--service', 'hiveserver2'],
      environment: {
        HADOOP_CLASSPATH: '/opt/tez/*:/opt/tez/lib/*',
        HADOOP_CLIENT_OPTS: command.filter((word) => /^-[XD]/.test(word)).join(' '),
      },
    }),
  },
};

/** Where java and the jars of each group are in the images. */
export const IMAGE_RUNTIME: Runtime = {
  java: 'java',
  jars: {
    kafka: '/opt/kafka/libs',
    flink: '/opt/flink/lib',
    'flink-gateway': '/opt/flink/gateway',
    pinot: '/opt/pinot/lib',
  },
  pinotPlugins: '/opt/pinot/plugins',
  // Not in containers of ours: see containerLayout.
  postgres: { programs: '', user: null },
};

/** The part of a cluster that is rendered. PostgreSQL is left to whoever runs one: what it holds cannot be made anew from Kafka. */
export function containerLayout(layout: ClusterLayout): ClusterLayout {
  return { ...layout, without: [...layout.without, 'postgres'] };
}

/** Throws when no image has the program of the process. */
export function imageProgram(process: string, { regions }: Pick<ClusterLayout, 'regions'>): ImageProgram {
  const region = regions.find((name) => process.endsWith(`-${name}`));
  // A region may have the name of a part of a program: "maker".
  const found = PROGRAMS[process] ?? PROGRAMS[process.slice(0, -`-${region ?? ''}`.length)];
  if (found === undefined) throw new Error(`No image has the program of process ${process}.`);
  return found;
}
