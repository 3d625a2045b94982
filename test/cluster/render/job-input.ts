import type { ClusterAddresses } from '../../../src/cluster/addresses.ts';
import type { JobInput } from '../../../src/cluster/render/rendered-job.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';

const server = (kafka: string): ClusterAddresses['regions'][string] => ({
  kafka,
  pinotController: 'http://127.0.0.1:9000',
  pinotBroker: 'http://127.0.0.1:8099',
});

/** Region `region` of a pipeline with `config`, on a cluster that has regions a and b. */
export function jobInput(region: string, config: PipelineConfig = {}): JobInput {
  return {
    spec: resolveSpec({ regions: ['a', 'b'], ...config }, { environment: {}, flags: {} }),
    region,
    addresses: {
      regions: { a: server('kafka-a:9092'), b: server('kafka-b:9092') },
      flink: 'http://127.0.0.1:8081',
      sqlGateway: 'http://127.0.0.1:8083',
      postgres: 'postgresql://adtally@127.0.0.1:5432/postgres',
      checkpointIntervalMs: 1000,
      pinotDialect: '0.11',
      pinotReplication: 1,
      warehouse: 'file:///warehouse',
    },
  };
}
