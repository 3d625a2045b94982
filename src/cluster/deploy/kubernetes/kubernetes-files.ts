import { AdtallyError } from '../../../base/errors.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import type { ClusterLayout } from '../../local/cluster-layout.ts';
import { processTable } from '../../local/processes/process-table.ts';
import type { RenderedFile } from '../rendered-file.ts';
import { yamlDocuments, type YamlFields } from '../yaml-text.ts';
import { flinkResources } from './flink.ts';
import { gatewayResources } from './gateway.ts';
import { hiveResources } from './hive.ts';
import { containerLayout } from '../images.ts';
import { kafkaResources } from './kafka.ts';
import { mirrorMaker } from './mirror-maker.ts';
import { watchResources } from './watch.ts';
import { pinotResources, zooKeeperResources } from './pinot.ts';

const HEADER = `# "adtally cluster render kubernetes" writes this file; change that, not this.
`;
/** What Kubernetes takes for a part of a name. */
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * What Kubernetes is told of a cluster, a file for each process of its plan, for the gateways, and for what watches over its jobs. Kafka is for Strimzi 1.2, Flink for the Flink
 * operator 1.15. Throws AdtallyError config_invalid for a region whose name it does not take.
 */
export function kubernetesFiles(spec: PipelineSpec, layout: ClusterLayout): RenderedFile[] {
  const wrong = layout.regions.find((region) => !LABEL.test(region));
  if (wrong !== undefined)
    throw new AdtallyError(
      'config_invalid',
      `Kubernetes takes no region "${wrong}": its names have small letters, digits and hyphens.`,
    );
  const servers = processTable(containerLayout(layout)).map(({ name }): [string, YamlFields[]] => [
    name === 'jobmanager' ? 'flink' : name,
    resourcesOf(name, spec, layout),
  ]);
  const gateways = layout.regions.map((region): [string, YamlFields[]] => [
    `gateway-${region}`,
    gatewayResources(region, layout.regions),
  ]);
  return [...servers, ...gateways, ['adtally', watchResources(layout)] as const]
    .filter(([, resources]) => resources.length > 0)
    .map(([name, resources]) => ({
      path: `kubernetes/${name}.yaml`,
      text: HEADER + yamlDocuments(resources),
    }));
}

/** None for a process that another one brings along. */
function resourcesOf(process: string, spec: PipelineSpec, layout: ClusterLayout): YamlFields[] {
  const { regions } = layout;
  for (const region of regions) {
    if (process === `kafka-${region}`) return kafkaResources({ ...spec, regions }, region);
    if (process === `pinot-${region}`) return pinotResources(region);
  }
  switch (process) {
    case 'zookeeper':
      return zooKeeperResources();
    case 'mirror-maker':
      return regions.flatMap((to) =>
        regions.filter((from) => from !== to).map((from) => mirrorMaker(from, to)),
      );
    case 'jobmanager':
      return flinkResources(layout);
    case 'hive':
      return hiveResources();
    // The Flink operator starts them, and the gateway stands beside its session.
    case 'taskmanager':
    case 'sql-gateway':
      return [];
    default:
      throw new Error(`Kubernetes is told nothing of process ${process}.`);
  }
}
