import { HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { MONEY_MAX, ODD_IDS } from './cases.ts';
import type { SentStep } from './sent-steps.ts';

/** What arrives before the orders, and with and after them. */
export interface CreditSteps {
  readonly before: readonly SentStep[];
  readonly after: readonly SentStep[];
}

const USERS = 60;

/** Users with many touches of both regions, many of one time, and orders that change: what credit can go wrong with. */
export function creditSteps(seed: number, base: number): CreditSteps {
  const random = new SeededRandom(seed);
  const before: SentStep[] = [];
  const after: SentStep[] = [];
  for (let user = 0; user < USERS; user++) {
    const touches = touchesOf(random, `user-${user}`, base);
    const orders = ordersOf(random, user, base);
    for (const touch of touches) {
      (random.chance(0.6) ? before : after).push(touch);
      // A client that had no answer sends it to the other region, too.
      if (random.chance(0.25))
        (random.chance(0.5) ? before : after).push({ ...touch, at: touch.at === 'a' ? 'b' : 'a' });
    }
    after.push(...orders);
  }
  return { before, after };
}

function step(at: 'a' | 'b', kind: 'event' | 'order', arrival: number, value: object): SentStep {
  return { at, kind, arrival, body: JSON.stringify(value), clusterVerdict: null };
}

function touchesOf(random: SeededRandom, userId: string, base: number): SentStep[] {
  const hasClicks = random.chance(0.6);
  return Array.from({ length: random.below(12) }, (_, n) => {
    const eventId = `${userId}/${random.chance(0.3) ? random.pick(ODD_IDS) : ''}${n}`;
    const value = {
      eventId,
      eventType: hasClicks && random.chance(0.5) ? 'click' : 'impression',
      // Few of them, so that many are of one time; some come after the order.
      eventTime: base - HOUR_MS + MINUTE_MS * random.below(8) * 8,
      adId: random.pick(ODD_IDS),
      campaignId: `c-${random.below(3)}`,
      advertiserId: `adv-${random.below(3)}`,
      userId,
      merchantId: random.chance(0.8) ? 'm-1' : 'm-2',
    };
    return step(random.pick(['a', 'b']), 'event', base, value);
  });
}

/** All versions of an order come to one region. */
function ordersOf(random: SeededRandom, user: number, base: number): SentStep[] {
  const at = random.pick(['a', 'b'] as const);
  const orderId = `order-${user}`;
  return Array.from({ length: random.between(1, 3) }, (_, n) => {
    const isOther = n > 0 && random.chance(0.2);
    const value = {
      orderId,
      orderVersion: n + 1,
      orderStatus: n === 0 ? 'placed' : random.pick(['placed', 'cancelled', 'refunded']),
      orderTime: base,
      userId: `user-${isOther ? random.below(USERS) : user}`,
      merchantId: 'm-1',
      amountMicros: random.pick([0, 1, 2, 7, 10, 999_999, random.below(1_000_000), MONEY_MAX]),
    };
    return step(at, 'order', base + n, value);
  });
}
