import { IMAGE_RUNTIME, FLINK_BASE_IMAGE } from './images.ts';

/** A jar in a Maven repository. */
export interface PinnedJar {
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** The official image of Flink with the jars that the jobs need besides, and apart from them those of the SQL gateway. */
export function flinkDockerfile(connectors: readonly PinnedJar[], gateway: readonly PinnedJar[]): string {
  const { jars } = IMAGE_RUNTIME;
  return [
    '# "adtally cluster render" writes this file from the locks of the jars; change those, not this.',
    `FROM ${FLINK_BASE_IMAGE}`,
    'ARG MAVEN_URL=https://repo.maven.apache.org/maven2',
    ...connectors.map((jar) => addLine(jar, jars.flink!)),
    ...gateway.map((jar) => addLine(jar, jars['flink-gateway']!)),
    '',
  ].join('\n');
}

function addLine({ path, sha256 }: PinnedJar, folder: string): string {
  return `ADD --checksum=sha256:${sha256} --chmod=644 \${MAVEN_URL}/${path} ${folder}/`;
}
