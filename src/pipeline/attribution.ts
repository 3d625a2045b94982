import { unreachable } from '../base/assert.ts';
import type { UnixMs } from '../base/clock.ts';
import { compareUtf8 } from '../base/utf8-order.ts';
import type { EventType } from '../model/ad-event.ts';
import type { AttributionModel, UnattributedReason } from '../model/attributed-order.ts';
import type { Order } from '../model/order.ts';
import { orderContentKey, type OrderVerdict } from '../model/order-verdict.ts';
import type { Touch } from '../model/touch.ts';
import { decayWeight, shareCredit } from './credit-shares.ts';
import type { MerchantMatch, PipelineSpec } from './settings.ts';

/** The part of the pipeline spec that decides what becomes of orders and which touches get the credit for them. */
export interface AttributionRules {
  readonly clickWindowMs: number;
  readonly viewWindowMs: number;
  /** Orders placed longer ago than this when they first arrive are `late`, ms. */
  readonly maxOrderAgeMs: number;
  /** Orders further ahead than this at their arrival are `future`, ms. */
  readonly maxClockSkewMs: number;
  readonly merchantMatch: MerchantMatch;
  readonly models: readonly AttributionModel[];
  readonly timeDecayHalfLifeMs: number;
  /** How many touches, the latest, may share the credit. */
  readonly touchesMax: number;
  readonly defaultCurrency: string;
}

export function attributionRulesOf(spec: PipelineSpec): AttributionRules {
  const { attribution } = spec;
  return {
    clickWindowMs: attribution.clickWindow,
    viewWindowMs: attribution.viewWindow,
    maxOrderAgeMs: attribution.maxOrderAge,
    maxClockSkewMs: spec.maxClockSkew,
    merchantMatch: attribution.merchantMatch,
    models: attribution.models,
    timeDecayHalfLifeMs: attribution.timeDecayHalfLife,
    touchesMax: attribution.touchesMax,
    defaultCurrency: spec.defaultCurrency,
  };
}

/**
 * What becomes of a valid version of an order. `known` is the version accepted last, null when there is none. Only an order
 * that is not known can be late: a cancellation or refund may come long after it was placed.
 */
export function judgeOrder(
  order: Order,
  known: Order | null,
  arrival: UnixMs,
  rules: AttributionRules,
): Exclude<OrderVerdict, 'invalid'> {
  if (known !== null && order.orderVersion <= known.orderVersion) {
    if (order.orderVersion < known.orderVersion) return 'stale';
    return orderContentKey(order) === orderContentKey(known) ? 'duplicate' : 'conflict';
  }
  if (order.orderTime > arrival + rules.maxClockSkewMs) return 'future';
  if (known === null && order.orderTime < arrival - rules.maxOrderAgeMs) return 'late';
  return 'accepted';
}

export function windowOf(eventType: EventType, rules: AttributionRules): number {
  return eventType === 'click' ? rules.clickWindowMs : rules.viewWindowMs;
}

/** How long before an order a touch may lie and still matter, ms. */
export function longestWindowMs(rules: AttributionRules): number {
  return Math.max(rules.clickWindowMs, rules.viewWindowMs);
}

/**
 * Times, both inclusive, of the touches that are looked at for an order. Those after it never get credit, but a touch shortly
 * after tells why the order has none.
 */
export function consideredRange(orderTime: UnixMs, rules: AttributionRules): { from: UnixMs; to: UnixMs } {
  return { from: Math.max(0, orderTime - longestWindowMs(rules)), to: orderTime + rules.viewWindowMs };
}

/** The share of one touch. */
export interface Credit {
  readonly touch: Touch;
  /** Its place among those with credit, from 0: the latest first. */
  readonly rank: number;
  /** Integer micros of the order's currency. */
  readonly creditMicros: number;
}

/** Who gets the credit for an order under one model. */
export interface Decision {
  readonly outcome: 'attributed' | 'unattributed';
  /** Null when attributed. */
  readonly reason: UnattributedReason | null;
  /** By rank. They sum to the order's amount, or to 0 when it is cancelled or unattributed. */
  readonly credits: readonly Credit[];
}

/**
 * Decides who gets the credit for an order. `touches` are those of its user, in any order; what lies outside consideredRange
 * is passed over. The same touches give the same decision, in whatever order they arrived.
 */
export function decide(
  order: Order,
  touches: readonly Touch[],
  model: AttributionModel,
  rules: AttributionRules,
): Decision {
  const candidates = candidatesOf(order, touches, rules);
  if (candidates.length === 0) {
    return { outcome: 'unattributed', reason: nearestMiss(order, touches, rules), credits: [] };
  }
  const winners = winnersOf(model, candidates);
  const weights = winners.map((touch) =>
    model === 'time_decay' ? decayWeight(order.orderTime - touch.eventTime, rules.timeDecayHalfLifeMs) : 1n,
  );
  // A cancelled order keeps its touches, for the record; it is worth nothing.
  const shares = shareCredit(order.orderStatus === 'cancelled' ? 0 : order.amountMicros, weights);
  const credits = winners.map((touch, rank) => ({ touch, rank, creditMicros: shares[rank] }));
  return { outcome: 'attributed', reason: null, credits };
}

/** The touches among which a model shares the credit: the latest first, at most `touchesMax`. */
export function candidatesOf(order: Order, touches: readonly Touch[], rules: AttributionRules): Touch[] {
  const eligible = touches.filter((touch) => eligibilityFault(touch, order, rules) === null);
  const clicks = eligible.filter((touch) => touch.eventType === 'click');
  return (clicks.length > 0 ? clicks : eligible).toSorted(compareTouches).slice(0, rules.touchesMax);
}

/** Why a touch could not have credit even if it were the only one; null when it could. */
export function eligibilityFault(
  touch: Touch,
  order: Order,
  rules: AttributionRules,
): 'after_order' | 'outside_window' | 'other_merchant' | null {
  const ageMs = order.orderTime - touch.eventTime;
  if (ageMs < 0) return 'after_order';
  if (ageMs > windowOf(touch.eventType, rules)) return 'outside_window';
  const isSameMerchant = touch.merchantId === order.merchantId;
  return isSameMerchant || rules.merchantMatch === 'any' ? null : 'other_merchant';
}

/** Latest first; of one time by event id and region, so that no order of arrival shows. */
export function compareTouches(a: Touch, b: Touch): number {
  return b.eventTime - a.eventTime || compareUtf8(a.eventId, b.eventId) || compareUtf8(a.region, b.region);
}

function winnersOf(model: AttributionModel, candidates: readonly Touch[]): readonly Touch[] {
  switch (model) {
    case 'last_touch':
      return candidates.slice(0, 1);
    case 'first_touch':
      return candidates.slice(-1);
    case 'linear':
    case 'time_decay':
      return candidates;
    default:
      return unreachable(model);
  }
}

/** Why an order without any eligible touch has none: what came nearest to one. */
function nearestMiss(order: Order, touches: readonly Touch[], rules: AttributionRules): UnattributedReason {
  const { from, to } = consideredRange(order.orderTime, rules);
  const misses = new Set(
    touches
      .filter(({ eventTime }) => eventTime >= from && eventTime <= to)
      .map((touch) => eligibilityFault(touch, order, rules)),
  );
  const reasons = ['other_merchant', 'outside_window', 'after_order'] as const;
  return reasons.find((reason) => misses.has(reason)) ?? 'no_touch';
}
