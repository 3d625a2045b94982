import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';

type Fields = Readonly<Record<string, unknown>>;
export type Side = 'a' | 'b';

/** One thing that arrives at a region; or, with `sync`, the moment at which both regions have heard of all there is. */
export interface Step {
  readonly sync?: true;
  readonly at: Side;
  readonly kind: 'event' | 'order';
  /** When it arrives, ms after the case's time. */
  readonly after: number;
  /** Fields over a valid event or order; a text is sent as it is. */
  readonly value: Fields | string;
  /** The cluster's verdict where it is another than the embedded engine's, and why. */
  readonly cluster?: { readonly verdict: string; readonly why: string };
}

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Where the cluster does it another way: what the embedded engine must be given to come to the same records, and why. */
  readonly asIf?: { readonly steps: readonly Step[]; readonly why: string };
}

/** Half a minute into a minute: edges are told from it. */
export const MIDDLE_MS = MINUTE_MS / 2;

export type Times = (ms: number) => number;

const SYNC: Step = { sync: true, at: 'a', kind: 'event', after: 0, value: '' };

/** An event that arrives at `at`, `after` ms after the case's time. */
function event(at: Side, value: Fields | string, after = 0): Step {
  return { at, kind: 'event', after, value };
}

function order(at: Side, value: Fields | string, after = 0): Step {
  return { at, kind: 'order', after, value };
}

function elsewhere(step: Step, verdict: string, why: string): Step {
  return { ...step, cluster: { verdict, why } };
}

/** Identifiers that would break SQL, keys, separators or JSON that is not quoted. */
const ODD_IDS = [
  'a|b',
  'a\\|b',
  'a\\',
  '\\\\|',
  "it's; DROP TABLE x --",
  '"quoted"',
  "U&'\\001F'",
  'naïve ümlaut 日本語 🦊',
  ' spaces  ',
  '${NAME} %s {{x}}',
  '\\u001f',
  '﷽\u200d\u2028',
];

/** Texts in the order of UTF-8, which is not that of UTF-16 for the last two. */
const RISING = ['a', 'aa', 'b', 'z', 'é', '\uffe6', '🦊'];

const MAX = Number.MAX_SAFE_INTEGER;

/** `t(ms)` is the case's time plus `ms`; ids are made unique by whoever runs the cases. */
export function eventCases(t: Times): Case[] {
  return [
    {
      name: 'every verdict once',
      steps: [
        event('a', { eventId: 'counted' }),
        event('a', { eventId: 'counted' }, 5),
        event('a', { eventId: 'counted', costMicros: 7 }, 6),
        event('a', { eventId: 'counted', eventTime: t(-1001) }, 7),
        event('a', { eventId: 'counted', placement: 'top' }, 8),
        event('a', { eventId: 'counted', merchantId: undefined }, 9),
        event('a', { eventId: 'counted', userId: 'u-2' }, 10),
        event('a', { eventId: 'click', eventType: 'click' }, 11),
        event('a', { eventId: 'old', eventTime: t(-DAY_MS) }),
        event('a', { eventId: 'late', eventTime: t(-DAY_MS - 1) }),
        event('a', { eventId: 'ahead', eventTime: t(10 * MINUTE_MS) }),
        event('a', { eventId: 'future', eventTime: t(10 * MINUTE_MS + 1) }),
        event('a', { eventId: 'missing', adId: undefined }),
        event('a', { eventId: 'type', costMicros: '5' }),
        event('a', { eventId: 'range', costMicros: -1 }),
        event('a', '{"eventId":'),
        event('a', 'not "json" at \\ all'),
        event('a', { eventId: 'late', eventTime: t(-1000) }, 20),
      ],
    },
    {
      name: 'a minute of arrival ends: verdicts are booked where they belong',
      steps: [
        event('a', { eventId: 'before' }, MIDDLE_MS - 1),
        event('a', { eventId: 'after' }, MIDDLE_MS),
        event('a', { eventId: 'before' }, MIDDLE_MS),
      ],
    },
    {
      name: 'edges of the minute of an event',
      steps: [0, -1, 1, MINUTE_MS - 1, MINUTE_MS].map((ms) =>
        event('a', { eventId: `edge${ms}`, adId: 'edges', eventTime: t(-MIDDLE_MS + ms) }, MINUTE_MS),
      ),
    },
    {
      name: 'the greatest pair of campaign and advertiser, in UTF-8',
      steps: [
        ...RISING.map((campaignId, n) =>
          event('a', { eventId: `up${n}`, adId: 'rising', campaignId, advertiserId: 'x' }),
        ),
        ...RISING.toReversed().map((campaignId, n) =>
          event('a', { eventId: `down${n}`, adId: 'falling', campaignId, advertiserId: 'x' }),
        ),
        ...['z', 'y', '🦊', '\uffe6'].map((advertiserId, n) =>
          event('a', { eventId: `adv${n}`, adId: 'pairs', campaignId: n === 0 ? 'cc' : 'c', advertiserId }),
        ),
      ],
    },
    {
      name: 'ids that would break what is not quoted',
      steps: ODD_IDS.flatMap((id, n) => [
        event('a', { eventId: id, adId: id, campaignId: id, advertiserId: id, userId: id, placement: id }),
        event('a', { eventId: id, adId: id, campaignId: id, advertiserId: id, userId: id, placement: id }, 1),
        event('a', { eventId: id, adId: id, costMicros: n }, 2),
      ]),
    },
    {
      name: 'currencies have minutes of their own, and money stays exact',
      steps: [
        event('a', { eventId: 'eur', adId: 'money', costMicros: 1 }),
        event('a', { eventId: 'usd', adId: 'money', costMicros: 2, currency: 'USD' }),
        event('a', { eventId: 'all', adId: 'all', costMicros: MAX }),
        event('a', { eventId: 'most', adId: 'sum', costMicros: MAX - 3 }),
        ...[1, 2, 3].map((n) => event('a', { eventId: `one${n}`, adId: 'sum', costMicros: 1 })),
        event('a', { eventId: 'free', adId: 'free', costMicros: 0 }),
      ],
    },
  ];
}

/** Of both regions: what is counted twice stays the first one's. */
export function pairCases(t: Times): Case[] {
  return [
    {
      name: 'the first region, then the second one',
      steps: [
        event('a', { eventId: 'ab', costMicros: 10 }),
        event('a', { eventId: 'only-a', costMicros: 20 }),
        SYNC,
        event('b', { eventId: 'ab', costMicros: 10 }, 10),
        event('b', { eventId: 'ab', costMicros: 11 }, 11),
        event('b', { eventId: 'only-b', costMicros: 40 }, 10),
      ],
    },
    {
      name: 'the second region, then the first one',
      steps: [
        event('b', { eventId: 'ba', costMicros: 10, eventType: 'click' }),
        event('b', { eventId: 'ba', costMicros: 10, eventType: 'click' }, 1),
        event('b', { eventId: 'stays', costMicros: 3 }),
        SYNC,
        event('a', { eventId: 'ba', costMicros: 10, eventType: 'click' }, 10),
        event('a', { eventId: 'ba', costMicros: 10, eventType: 'click' }, 11),
      ],
    },
    {
      name: 'both at once, and again in both',
      steps: [
        event('a', { eventId: 'both', userId: 'both' }),
        event('b', { eventId: 'both', userId: 'both' }),
        SYNC,
        event('a', { eventId: 'both', userId: 'both' }, 10),
        event('b', { eventId: 'both', userId: 'both' }, 10),
        event('b', { eventId: 'both', userId: 'other' }, 11),
      ],
    },
    {
      name: 'one id with other content in each, at once',
      steps: [
        event('a', { eventId: 'torn', adId: 'torn-a', costMicros: 1 }),
        event('b', { eventId: 'torn', adId: 'torn-b', costMicros: 2, placement: 'p' }),
        SYNC,
        event('b', { eventId: 'torn', adId: 'torn-b', costMicros: 5 }, 10),
      ],
    },
    {
      name: 'one id with other content in the second region first',
      steps: [
        event('b', { eventId: 'late-torn', adId: 'left', costMicros: 1, userId: 'lt' }),
        SYNC,
        event('a', { eventId: 'late-torn', adId: 'right', costMicros: 2, userId: 'lt' }, 10),
      ],
      asIf: {
        steps: [
          event('a', { eventId: 'late-torn', adId: 'right', costMicros: 2, userId: 'lt' }, 10),
          event('b', { eventId: 'late-torn', adId: 'left', costMicros: 1, userId: 'lt' }),
        ],
        why: 'the first region counts what it is sent, whatever the second one has counted under that id',
      },
    },
    {
      name: 'a minute of the second region falls to zero and rises again',
      steps: [
        event('b', { eventId: 'z1', adId: 'zero', costMicros: 5 }),
        SYNC,
        event('a', { eventId: 'z1', adId: 'zero', costMicros: 5 }, 1),
        SYNC,
        event('b', { eventId: 'z2', adId: 'zero', costMicros: 7, eventTime: t(-900) }, 2),
      ],
    },
  ];
}

const touch = (eventId: string, over: Fields): Fields => ({ eventId, eventType: 'click', ...over });

/** What leads to an order. Each has a user of its own. */
export function orderCases(t: Times): Case[] {
  const one = (name: string, touches: readonly Fields[], fields: Fields = {}): Case => {
    const userId = name;
    const sent = touches.map((fields_, n) => event('a', touch(`${name}-${n}`, { userId, ...fields_ }), n));
    return { name, steps: [...sent, order('a', { orderId: name, userId, ...fields }, 500)] };
  };
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
    one('large money', [{ eventTime: t(-HOUR) }], { amountMicros: MAX, currency: 'USD' }),
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
      touch(`${userId}-click${String(over['adId'] ?? '')}`, { userId, eventTime: t(-HOUR_MS), ...over }),
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
      touch(`${userId}-${String(over['adId'] ?? 'click')}`, { userId, eventTime: t(-HOUR_MS), ...over }),
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
