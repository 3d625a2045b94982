import type { RenderedJob, JobInput } from './render/rendered-job.ts';
import { renderAggregation } from './render/aggregation.ts';
import { renderAttribution } from './render/attribution.ts';
import { renderUnionLoad } from './render/union-load.ts';

/** The jobs of one region. Throws config_invalid for what the cluster cannot do. */
export function renderRegionJobs(input: JobInput): readonly RenderedJob[] {
  return [renderAggregation(input), renderAttribution(input), renderUnionLoad(input)];
}
