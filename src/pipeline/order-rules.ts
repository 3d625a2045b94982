import type { UnixMs } from '../base/clock.ts';
import { minuteOf } from '../model/event-time.ts';
import type { Order } from '../model/order.ts';
import { attributionRulesOf, longestWindowMs, type AttributionRules } from './attribution.ts';
import type { PipelineSpec } from './settings.ts';

/** The part of the pipeline spec that decides what becomes of orders; logged whenever it changes, as that of events is. */
export interface OrderRules extends AttributionRules {
  /** Touches older than this at their arrival are not counted, ms. */
  readonly maxEventAgeMs: number;
  /** How long after its time an order is held, ms. */
  readonly orderRetentionMs: number;
  /** How long the order service may take to say something of an order, ms; 0 when there is none. */
  readonly enrichmentDeadlineMs: number;
}

export function orderRulesOf(spec: PipelineSpec): OrderRules {
  return {
    ...attributionRulesOf(spec),
    maxEventAgeMs: spec.maxEventAge,
    orderRetentionMs: spec.retention.orders,
    enrichmentDeadlineMs: spec.enrichment.url === '' ? 0 : spec.enrichment.deadline,
  };
}

/** How long after its time a touch may still change an order of the same time, ms. */
function openMs(rules: OrderRules): number {
  return Math.max(rules.maxOrderAgeMs, rules.viewWindowMs + rules.maxEventAgeMs);
}

/** Whether a touch that arrives at `arrival` or later may still change what is decided for the order. */
export function isOpen(order: Order, arrival: UnixMs, rules: OrderRules): boolean {
  return arrival <= order.orderTime + openMs(rules);
}

/**
 * Orders placed before this are attributed for good: no event and no new order can change that. A later version of an order, such
 * as a refund, still can.
 */
export function ordersFinalBefore(settled: UnixMs, rules: OrderRules): UnixMs {
  return minuteOf(Math.max(0, settled - openMs(rules)));
}

/** How long after its time a touch must be kept: as long as an open order may ask for it, ms. */
export function touchRetentionMs(rules: OrderRules): number {
  return longestWindowMs(rules) + openMs(rules);
}
