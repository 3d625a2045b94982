import { unreachable } from '../base/assert.ts';
import { formatDuration } from '../base/units.ts';
import type { AttributionModel } from '../model/attributed-order.ts';
import type { Order } from '../model/order.ts';
import type { Touch, TouchCredit, TouchExplanation, TouchFault } from '../model/touch.ts';
import {
  candidatesOf,
  compareTouches,
  consideredRange,
  decide,
  eligibilityFault,
  windowOf,
  type AttributionRules,
} from './attribution.ts';

/** Why each touch that was looked at for an order gets credit or none: the latest first. `touches` as for decide. */
export function explain(
  order: Order,
  touches: readonly Touch[],
  rules: AttributionRules,
): readonly TouchExplanation[] {
  const { from, to } = consideredRange(order.orderTime, rules);
  const considered = touches.filter(({ eventTime }) => eventTime >= from && eventTime <= to);
  const candidates = candidatesOf(order, considered, rules);
  const isCandidate = new Set(candidates);
  const hasClick = candidates[0]?.eventType === 'click';
  const creditsByTouch = creditsOf(order, considered, rules);
  return considered.toSorted(compareTouches).map((touch) => {
    const fault = eligibilityFault(touch, order, rules);
    const reason = fault ?? (isCandidate.has(touch) ? null : lostTo(touch, hasClick));
    const credits = creditsByTouch.get(touch) ?? [];
    const message = describe(touch, reason, credits, order, rules);
    return { touch, eligible: fault === null, reason, credits, message };
  });
}

/** Why an eligible touch is no candidate. */
function lostTo(touch: Touch, hasClick: boolean): TouchFault {
  return hasClick && touch.eventType === 'impression' ? 'beaten_by_click' : 'beyond_touches_max';
}

function creditsOf(
  order: Order,
  touches: readonly Touch[],
  rules: AttributionRules,
): ReadonlyMap<Touch, TouchCredit[]> {
  const all = rules.models.flatMap((model) =>
    decide(order, touches, model, rules).credits.map(({ touch, rank, creditMicros }) => ({
      touch,
      credit: { model, rank, creditMicros },
    })),
  );
  const byTouch = new Map<Touch, TouchCredit[]>();
  for (const { touch, credit } of all) byTouch.set(touch, [...(byTouch.get(touch) ?? []), credit]);
  return byTouch;
}

function describe(
  touch: Touch,
  reason: TouchFault | null,
  credits: readonly TouchCredit[],
  order: Order,
  rules: AttributionRules,
): string {
  const what = touch.eventType;
  switch (reason) {
    case 'after_order':
      return `This ${what} came after the order.`;
    case 'outside_window': {
      const window = formatDuration(windowOf(what, rules));
      return `This ${what} came too long before the order: the window of ${what}s is ${window}.`;
    }
    case 'other_merchant':
      return touch.merchantId === null
        ? `This ${what} names no merchant, and only touches of the order's merchant count.`
        : `This ${what} was for another merchant than the order's.`;
    case 'beaten_by_click':
      return 'This impression was in time, but so was a click, and a click beats an impression.';
    case 'beyond_touches_max':
      return `This ${what} was in time, but only the latest ${rules.touchesMax} touches share the credit.`;
    case null:
      return describeCredits(what, credits, order, rules.models);
    default:
      return unreachable(reason);
  }
}

function describeCredits(
  what: string,
  credits: readonly TouchCredit[],
  order: Order,
  models: readonly AttributionModel[],
): string {
  if (credits.length === 0) {
    return `This ${what} was in time, but another touch gets all the credit by ${models.join(' and ')}.`;
  }
  const names = credits.map(({ model }) => model).join(' and ');
  if (order.orderStatus === 'cancelled') {
    return `This ${what} led to the order by ${names}; the order is cancelled, so the credit is 0.`;
  }
  const shares = credits.map(({ model, creditMicros }) => `${creditMicros} by ${model}`).join(' and ');
  return `Of the order's ${order.amountMicros} micros of ${order.currency} this ${what} gets ${shares}.`;
}
