/** What the naive attribution needs to know of a pipeline spec. Declared here anew: the oracle shares nothing with the engine. */
export interface OracleAttributionRules {
  readonly clickWindowMs: number;
  readonly viewWindowMs: number;
  readonly maxOrderAgeMs: number;
  readonly maxClockSkewMs: number;
  readonly merchantMatch: 'same' | 'any';
  readonly models: readonly OracleModel[];
  readonly timeDecayHalfLifeMs: number;
  readonly touchesMax: number;
  readonly defaultCurrency: string;
  /** Events older than this at their arrival are not counted, ms: orders are over some time after that. Without it never. */
  readonly maxEventAgeMs?: number;
  /** Orders are dropped by whole hours so long after their time, ms. Without it never. */
  readonly orderRetentionMs?: number;
}

export type OracleModel = 'last_touch' | 'first_touch' | 'linear' | 'time_decay';
export type OracleReason = 'no_touch' | 'outside_window' | 'other_merchant' | 'after_order';

/** A counted event of a user. */
export interface OracleTouch {
  readonly eventId: string;
  readonly eventType: 'impression' | 'click';
  readonly eventTime: number;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly userId: string;
  readonly merchantId: string | null;
  readonly region: string;
}

/** What is needed of an order to share its amount. */
interface SharedOrder {
  readonly orderStatus: string;
  readonly orderTime: number;
  readonly merchantId: string;
  readonly amountMicros: number;
}

/** The touches that get credit, with it, by rank; or why there are none. */
export type OracleDecision =
  | { readonly reason: null; readonly credits: readonly (readonly [OracleTouch, creditMicros: number])[] }
  | { readonly reason: OracleReason };

/** Decides one order under one model by looking at all touches of its user, one question after the other. */
export function decideNaively(
  order: SharedOrder,
  touches: readonly OracleTouch[],
  model: OracleModel,
  rules: OracleAttributionRules,
): OracleDecision {
  const before = touches.filter((touch) => touch.eventTime <= order.orderTime);
  const inWindow = before.filter((touch) => order.orderTime <= touch.eventTime + windowMs(touch, rules));
  const matching = inWindow.filter(
    (touch) => rules.merchantMatch === 'any' || touch.merchantId === order.merchantId,
  );
  if (matching.length === 0) {
    if (inWindow.length > 0) return { reason: 'other_merchant' };
    const longestMs = Math.max(rules.clickWindowMs, rules.viewWindowMs);
    if (before.some((touch) => touch.eventTime >= order.orderTime - longestMs)) {
      return { reason: 'outside_window' };
    }
    const soonAfter = touches.some(
      (touch) => touch.eventTime > order.orderTime && touch.eventTime <= order.orderTime + rules.viewWindowMs,
    );
    return { reason: soonAfter ? 'after_order' : 'no_touch' };
  }
  const clicks = matching.filter((touch) => touch.eventType === 'click');
  const ranked = latestOf(clicks.length > 0 ? clicks : matching, rules.touchesMax);
  const amount = order.orderStatus === 'cancelled' ? 0 : order.amountMicros;
  if (model === 'last_touch') return { reason: null, credits: [[ranked[0], amount]] };
  if (model === 'first_touch') return { reason: null, credits: [[ranked[ranked.length - 1], amount]] };
  const weights = ranked.map((touch) =>
    model === 'linear' ? 7n : decayedWeight(order.orderTime - touch.eventTime, rules.timeDecayHalfLifeMs),
  );
  const shares = split(amount, weights);
  return { reason: null, credits: ranked.map((touch, rank) => [touch, shares[rank]] as const) };
}

function windowMs(touch: OracleTouch, rules: OracleAttributionRules): number {
  return touch.eventType === 'click' ? rules.clickWindowMs : rules.viewWindowMs;
}

/** The `count` latest, found one by one; of one time the lower event id comes first, then the lower region, as UTF-8. */
function latestOf(touches: readonly OracleTouch[], count: number): OracleTouch[] {
  const rest = new Set(touches);
  const found: OracleTouch[] = [];
  while (found.length < count && rest.size > 0) {
    const latestTime = [...rest].reduce((time, touch) => Math.max(time, touch.eventTime), 0);
    const latest = [...rest].filter((touch) => touch.eventTime === latestTime);
    const nameOf = (touch: OracleTouch): Buffer => Buffer.from(`${touch.eventId}\0${touch.region}`);
    const first = latest.reduce((a, b) => (Buffer.compare(nameOf(a), nameOf(b)) <= 0 ? a : b));
    rest.delete(first);
    found.push(first);
  }
  return found;
}

/**
 * Begins at 2^40 for every millisecond of two half-lives. Each half-life that has passed halves the 2^40; within one, each
 * millisecond takes its own part away. Never less than 1.
 */
function decayedWeight(ageMs: number, halfLifeMs: number): bigint {
  let perMs = 2 ** 40;
  let restMs = ageMs;
  while (restMs >= halfLifeMs && perMs > 0) {
    perMs = Math.floor(perMs / 2);
    restMs -= halfLifeMs;
  }
  const weight = BigInt(perMs) * (BigInt(halfLifeMs) + BigInt(halfLifeMs - restMs));
  return perMs === 0 || weight < 1n ? 1n : weight;
}

/** Whole parts first, then one micro at a time to whoever is furthest below the exact share. */
function split(amount: number, weights: readonly bigint[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight);
  // In units of a micro divided by `total`, so that everything stays whole.
  const owed = weights.map((weight) => BigInt(amount) * weight);
  const shares = owed.map((units) => units / total);
  let left = BigInt(amount) - shares.reduce((sum, share) => sum + share);
  while (left > 0n) {
    const below = owed.map((units, rank) => units - shares[rank] * total);
    const furthest = below.reduce((best, units, rank) => (units > below[best] ? rank : best), 0);
    shares[furthest] += 1n;
    left -= 1n;
  }
  return shares.map(Number);
}
