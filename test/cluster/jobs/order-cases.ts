import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';
import {
  elsewhere,
  event,
  MONEY_MAX,
  ODD_IDS,
  order,
  SYNC,
  type Case,
  type Fields,
  type Side,
  type Step,
  type Times,
} from './cases.ts';

const touch = (eventId: string, over: Fields): Fields => ({ eventId, eventType: 'click', ...over });

/** Touches of a user, then an order of the same. */
function one(name: string, touches: readonly Fields[], fields: Fields = {}): Case {
  const userId = name;
  const sent = touches.map((over, n) => event('a', touch(`${name}-${n}`, { userId, ...over }), n));
  return { name, steps: [...sent, order('a', { orderId: name, userId, ...fields }, 500)] };
}

/** What leads to an order. Each has a user of its own. */
export function orderCases(t: Times): Case[] {
  const HOUR = HOUR_MS;
  return [
    one('a click leads to an order', [{ eventTime: t(-HOUR) }]),
    one('a view leads to an order', [{ eventTime: t(-HOUR), eventType: 'impression' }]),
    one('no touch', []),
    one('a click beats a later view', [
      { eventTime: t(-2 * HOUR), adId: 'clicked' },
      { eventTime: t(-HOUR), eventType: 'impression', adId: 'seen' },
    ]),
    one('the latest click wins', [
      { eventTime: t(-HOUR), adId: 'late' },
      { eventTime: t(-3 * HOUR), adId: 'early' },
      { eventTime: t(-HOUR - 1), adId: 'just before' },
    ]),
    one('of one time the least event id', [
      { eventTime: t(-HOUR), eventId: 'tie-b', adId: 'b' },
      { eventTime: t(-HOUR), eventId: 'tie-a', adId: 'a' },
      { eventTime: t(-HOUR), eventId: 'tie-aa', adId: 'aa' },
      { eventTime: t(-HOUR), eventId: 'tie-é', adId: 'é' },
    ]),
    one('of one time ids that one is the beginning of', [
      { eventTime: t(-HOUR), eventId: 'begin-x!', adId: 'longer' },
      { eventTime: t(-HOUR), eventId: 'begin-x', adId: 'shorter' },
      { eventTime: t(-HOUR), eventId: 'begin-x 1', adId: 'spaced' },
    ]),
    one('of one time in UTF-8', [
      { eventTime: t(-HOUR), eventId: 'utf-🦊', adId: 'fox' },
      { eventTime: t(-HOUR), eventId: 'utf-\uffe6', adId: 'won' },
    ]),
    one('the moment of the order itself', [{ eventTime: t(-1000) }], { orderTime: t(-1000) }),
    one('after the order', [{ eventTime: t(-999) }], { orderTime: t(-1000) }),
    one('a view at the end of its window', [{ eventTime: t(-20 * HOUR), eventType: 'impression' }], {
      orderTime: t(4 * HOUR),
    }),
    one('other merchant', [{ eventTime: t(-HOUR), merchantId: 'm-2' }]),
    one('no merchant', [{ eventTime: t(-HOUR), merchantId: undefined }]),
    one(
      'other merchant before after the order',
      [{ eventTime: t(-HOUR), merchantId: 'm-2' }, { eventTime: t(-10) }],
      { orderTime: t(-1000) },
    ),
    one('cancelled', [{ eventTime: t(-HOUR) }], { orderStatus: 'cancelled' }),
    one('refunded and all of it', [{ eventTime: t(-HOUR) }], { orderStatus: 'refunded', amountMicros: 0 }),
    one('large money', [{ eventTime: t(-HOUR) }], { amountMicros: MONEY_MAX, currency: 'USD' }),
    ...ODD_IDS.map((id, n) =>
      one(
        `odd ${n} ${id}`,
        [{ eventTime: t(-HOUR), adId: id, campaignId: id, advertiserId: id, merchantId: id }],
        { merchantId: id },
      ),
    ),
    ...agedCases(t),
    ...versionCases(t),
    ...peerOrderCases(t),
  ];
}

/** Touches of days before, which arrive in time, and orders that arrive days later. */
function agedCases(t: Times): Case[] {
  const days = (name: string, eventType: string, age: number): Case => {
    const userId = name;
    // It arrived when it happened.
    const eventTime = t(-age);
    return {
      name,
      steps: [
        event('a', { eventId: `${name}-0`, eventType, eventTime, userId }, -age),
        order('a', { orderId: name, userId, orderTime: t(0) }, 1),
      ],
    };
  };
  return [
    days('a click at the end of its window', 'click', 7 * DAY_MS),
    days('a click past its window', 'click', 7 * DAY_MS + 1),
    days('a view past its window', 'impression', DAY_MS + 1),
    days('a view at the very end of its window', 'impression', DAY_MS),
    {
      name: 'a view long past, and one of another merchant',
      steps: [
        event('a', { eventId: 'lp-1', eventTime: t(-3 * DAY_MS), userId: 'lp' }, -3 * DAY_MS),
        event('a', { eventId: 'lp-2', eventTime: t(-HOUR_MS), userId: 'lp', merchantId: 'm-9' }, -HOUR_MS),
        order('a', { orderId: 'lp', userId: 'lp' }, 1),
      ],
    },
  ];
}

function versionCases(t: Times): Case[] {
  const click = (userId: string, over: Fields = {}, after = 0): Step =>
    event(
      'a',
      touch(`${userId}-click${(over['adId'] as string | undefined) ?? ''}`, {
        userId,
        eventTime: t(-HOUR_MS),
        ...over,
      }),
      after,
    );
  return [
    {
      name: 'the order before its clicks, then late ones',
      steps: [
        order('a', { orderId: 'v0', userId: 'v0' }),
        SYNC,
        click('v0', { adId: 'late-view', eventType: 'impression', eventTime: t(-10) }, 10),
        SYNC,
        click('v0', { adId: 'late-click', eventTime: t(-20 * HOUR_MS) }, 20),
        click('v0', { adId: 'later-click', eventTime: t(-10 * HOUR_MS) }, 30),
        click('v0', { adId: 'earlier-click', eventTime: t(-15 * HOUR_MS) }, 40),
      ],
    },
    {
      name: 'versions, one of them twice, one with other content, one too late',
      steps: [
        click('v1'),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 2 }, 1),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 2 }, 2),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 2, amountMicros: 1 }, 3),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 1 }, 4),
        order(
          'a',
          { orderId: 'v1', userId: 'v1', orderVersion: 5, orderStatus: 'refunded', amountMicros: 5 },
          5,
        ),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 4 }, 6),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 5, orderTime: t(DAY_MS) }, 7),
        order('a', { orderId: 'v1', userId: 'v1', orderVersion: 6, orderTime: t(DAY_MS) }, 8),
      ],
    },
    {
      name: 'too late, too far ahead, on the edge of both, unreadable',
      steps: [
        order('a', { orderId: 'late', orderTime: t(-DAY_MS - 1) }),
        order('a', { orderId: 'late', orderTime: t(-DAY_MS - 1), orderVersion: 2 }, 1),
        order('a', { orderId: 'old', orderTime: t(-DAY_MS), userId: 'nobody' }),
        order('a', { orderId: 'future', orderTime: t(10 * MINUTE_MS + 1) }),
        order('a', { orderId: 'ahead', orderTime: t(10 * MINUTE_MS), userId: 'nobody' }),
        order('a', { orderId: 'no-user', userId: undefined }),
        order('a', '7'),
        order('a', '{"orderId":"x"'),
      ],
    },
    {
      name: 'a known order is never late',
      steps: [
        order('a', { orderId: 'v2', userId: 'v2' }, 0),
        order('a', { orderId: 'v2', userId: 'v2', orderVersion: 2, orderTime: t(-2 * DAY_MS) }, 1),
        click('v2', { adId: 'own', eventTime: t(-HOUR_MS) }, 2),
      ],
    },
    {
      name: 'a later version is another user’s, merchant’s or time’s, and goes back',
      steps: [
        click('v3a', { adId: '1' }),
        click('v3b', { adId: '2' }),
        click('v3b', { adId: '3', merchantId: 'm-3', eventTime: t(-2 * HOUR_MS) }),
        order('a', { orderId: 'v3', userId: 'v3a' }, 1),
        order('a', { orderId: 'v3', userId: 'v3b', orderVersion: 2 }, 2),
        order('a', { orderId: 'v3', userId: 'v3b', merchantId: 'm-3', orderVersion: 3 }, 3),
        order('a', { orderId: 'v3', userId: 'v3c', orderVersion: 4 }, 4),
        order('a', { orderId: 'v3x', userId: 'v3a' }, 1),
        order('a', { orderId: 'v3x', userId: 'v3b', orderVersion: 2 }, 2),
        order('a', { orderId: 'v3x', userId: 'v3a', orderVersion: 3, amountMicros: 4 }, 3),
        order('a', { orderId: 'v3y', userId: 'v3a' }, 1),
        order('a', { orderId: 'v3y', userId: 'v3b', orderVersion: 2 }, 2),
        order('a', { orderId: 'v3y', userId: 'v3b', orderVersion: 3, orderTime: t(-90 * MINUTE_MS) }, 3),
      ],
    },
    {
      name: 'cancelled, then placed again',
      steps: [
        click('v4'),
        order('a', { orderId: 'v4', userId: 'v4' }, 1),
        order('a', { orderId: 'v4', userId: 'v4', orderVersion: 2, orderStatus: 'cancelled' }, 2),
        order('a', { orderId: 'v4', userId: 'v4', orderVersion: 3, amountMicros: 77 }, 3),
      ],
    },
  ];
}

/** Orders and touches that are not where the other one is. */
function peerOrderCases(t: Times): Case[] {
  const click = (at: Side, userId: string, over: Fields = {}, after = 0): Step =>
    event(
      at,
      touch(`${userId}-${(over['adId'] as string | undefined) ?? 'click'}`, {
        userId,
        eventTime: t(-HOUR_MS),
        ...over,
      }),
      after,
    );
  const ownOnly = 'the cluster judges a version by what its own region took in';
  return [
    {
      name: 'the click went to the other region',
      steps: [
        click('b', 'p0'),
        click('a', 'p0', { adId: 'earlier', eventTime: t(-2 * HOUR_MS) }),
        SYNC,
        order('a', { orderId: 'p0', userId: 'p0' }, 1),
        order('b', { orderId: 'p0b', userId: 'p0' }, 1),
      ],
    },
    {
      name: 'both regions counted the click, and another of its time',
      steps: [
        click('a', 'p1', { adId: 'twice' }),
        click('b', 'p1', { adId: 'twice' }),
        SYNC,
        order('a', { orderId: 'p1', userId: 'p1' }, 1),
        order('b', { orderId: 'p1b', userId: 'p1' }, 1),
      ],
    },
    {
      name: 'both regions took the order in at once',
      steps: [
        click('a', 'p2'),
        order('a', { orderId: 'p2', userId: 'p2' }, 1),
        order('b', { orderId: 'p2', userId: 'p2' }, 1),
        SYNC,
        order('a', { orderId: 'p2', userId: 'p2', orderVersion: 2, amountMicros: 2 }, 2),
      ],
    },
    {
      name: 'the second region took it in first',
      steps: [
        click('b', 'p3'),
        order('b', { orderId: 'p3', userId: 'p3' }, 1),
        SYNC,
        order('a', { orderId: 'p3', userId: 'p3' }, 2),
        SYNC,
        order('b', { orderId: 'p3', userId: 'p3', orderVersion: 2, amountMicros: 3 }, 3),
      ],
    },
    {
      name: 'a refund comes to the other region',
      steps: [
        click('a', 'p4'),
        order('a', { orderId: 'p4', userId: 'p4' }, 1),
        SYNC,
        order(
          'b',
          { orderId: 'p4', userId: 'p4', orderVersion: 2, orderStatus: 'refunded', amountMicros: 4 },
          2,
        ),
        SYNC,
        elsewhere(order('a', { orderId: 'p4', userId: 'p4' }, 3), 'duplicate', ownOnly),
      ],
    },
    {
      name: 'a refund comes to the other region days later',
      steps: [
        event('b', touch('p5-click', { userId: 'p5', eventTime: t(-5 * DAY_MS) }), -5 * DAY_MS),
        SYNC,
        order('b', { orderId: 'p5', userId: 'p5', orderTime: t(-4 * DAY_MS) }, -4 * DAY_MS),
        SYNC,
        order(
          'a',
          {
            orderId: 'p5',
            userId: 'p5',
            orderTime: t(-4 * DAY_MS),
            orderVersion: 3,
            orderStatus: 'cancelled',
          },
          1,
        ),
      ],
    },
    {
      name: 'the lower version in the second region',
      steps: [
        click('a', 'p6'),
        order('a', { orderId: 'p6', userId: 'p6', orderVersion: 2 }, 1),
        order('b', { orderId: 'p6', userId: 'p6', orderVersion: 1 }, 1),
        SYNC,
        order('a', { orderId: 'p6', userId: 'p6', orderVersion: 3, amountMicros: 6 }, 2),
      ],
    },
    {
      name: 'sent to the second region again',
      steps: [
        order('a', { orderId: 'p7', userId: 'p7' }, 1),
        SYNC,
        elsewhere(order('b', { orderId: 'p7', userId: 'p7' }, 2), 'accepted', ownOnly),
      ],
    },
  ];
}
