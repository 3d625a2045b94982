import type { RenderedJob, JobInput } from './render/rendered-job.ts';
import { renderAggregation } from './render/aggregation.ts';
import { renderAttribution } from './render/attribution.ts';
import { renderUnionLoad } from './render/union-load.ts';
import { renderWarehouse } from './render/warehouse.ts';

/** The jobs of one region. Throws config_invalid for what the cluster cannot do. */
export function renderRegionJobs(input: JobInput): readonly RenderedJob[] {
  const jobs = [renderAggregation(input), renderAttribution(input), renderUnionLoad(input)];
  const isWriter = input.options?.hasWarehouse === true && input.spec.regions[0] === input.region;
  return isWriter ? [...jobs, renderWarehouse(input)] : jobs;
}
