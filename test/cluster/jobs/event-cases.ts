import { DAY_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { event, MIDDLE_MS, MONEY_MAX, ODD_IDS, SYNC, type Case, type Times } from './cases.ts';

/** Texts in the order of UTF-8, which is not that of UTF-16 for the last two. */
const RISING = ['a', 'aa', 'b', 'z', 'é', '\uffe6', '🦊'];

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
        event('a', { eventId: 'all', adId: 'all', costMicros: MONEY_MAX }),
        event('a', { eventId: 'most', adId: 'sum', costMicros: MONEY_MAX - 3 }),
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
