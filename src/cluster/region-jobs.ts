import type { RenderedJob, JobInput } from './render/rendered-job.ts';
import { renderAggregation } from './render/aggregation.ts';
import { renderAttribution } from './render/attribution.ts';
import { renderTouches } from './touches/touch-job.ts';
import { renderUnionLoad } from './render/union-load.ts';
import { renderWarehouse } from './render/warehouse.ts';

/** The jobs of one region. Throws config_invalid for what the cluster cannot do. */
export function renderRegionJobs(input: JobInput): readonly RenderedJob[] {
  const { options = {}, spec, region } = input;
  const isFirst = spec.regions[0] === region;
  return [
    renderAggregation(input),
    renderAttribution(input),
    renderUnionLoad(input),
    ...(isFirst && options.hasWarehouse === true ? [renderWarehouse(input)] : []),
    ...(isFirst && options.hasTouches === true ? [renderTouches(input)] : []),
  ];
}
