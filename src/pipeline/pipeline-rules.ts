import { aggregationRulesOf, type AggregationRules } from './aggregation.ts';
import { orderRulesOf, type OrderRules } from './order-rules.ts';
import type { PipelineSpec } from './settings.ts';

/** All of the pipeline spec that decides what becomes of events and orders: what the log keeps of it. */
export interface PipelineRules extends AggregationRules {
  readonly orders: OrderRules;
}

export function rulesOf(spec: PipelineSpec): PipelineRules {
  return { ...aggregationRulesOf(spec), orders: orderRulesOf(spec) };
}
