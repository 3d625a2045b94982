import { SECOND_MS } from '../../base/units.ts';
import type { FeedStatus } from '../../budget/peer/peer-follower.ts';
import { liveCounter, liveGauge, receivingGauge } from '../metrics.ts';
import { RegistryMetrics } from '../serving/registry-metrics.ts';

/** What `/metrics` of a budget service of a cluster shows. */
export class BudgetServiceMetrics extends RegistryMetrics {
  constructor(isCharging: () => boolean, feed: () => FeedStatus, heldBytes: () => number) {
    super([
      liveGauge('adtally_budget_charging', '1 in the process that charges, 0 in those that stand by.', () =>
        isCharging() ? 1 : 0,
      ),
      liveGauge('adtally_budget_failing', '1 while this process cannot go on.', () =>
        feed().state === 'failing' ? 1 : 0,
      ),
      liveCounter(
        'adtally_budget_charged_total',
        'Records that this process has charged.',
        () => feed().charged,
      ),
      liveCounter(
        'adtally_budget_refused_total',
        'Messages of the load topic that this process could not charge.',
        () => feed().refused,
      ),
      liveGauge(
        'adtally_budget_charge_delay_seconds',
        'How old the last record was when it was charged; 0 when that was not lately.',
        () => feed().lagMs / SECOND_MS,
      ),
      receivingGauge(heldBytes),
    ]);
  }
}
