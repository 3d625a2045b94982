import type { ClusterLayout, Runtime } from '../local/cluster-layout.ts';

export const KAFKA_VERSION = '4.3.1';
/** The official image; what adtally adds to it is in flink.Dockerfile. */
export const FLINK_BASE_IMAGE = 'apache/flink:2.3.0-java17';
/** What flink.Dockerfile is built as. */
export const FLINK_IMAGE = 'adtally/flink:2.3.0';

const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`;

/** By the program of a process: its name without that of its region. */
const IMAGES: Readonly<Record<string, string>> = {
  zookeeper: FLINK_IMAGE,
  kafka: KAFKA_IMAGE,
  'mirror-maker': KAFKA_IMAGE,
  jobmanager: FLINK_IMAGE,
  taskmanager: FLINK_IMAGE,
  'sql-gateway': FLINK_IMAGE,
  pinot: 'apachepinot/pinot:0.11.0',
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
};

/** The image that has the program of the process. */
export function imageOf(process: string, { regions }: Pick<ClusterLayout, 'regions'>): string {
  const region = regions.find((name) => process.endsWith(`-${name}`));
  const program = region === undefined ? process : process.slice(0, -region.length - 1);
  const image = IMAGES[program];
  if (image === undefined) throw new Error(`No image has the program of process ${process}.`);
  return image;
}
