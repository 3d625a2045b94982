import { AdtallyError } from '../../../base/errors.ts';
import { DAY_MS } from '../../../base/units.ts';
import { ATTRIBUTION_MODELS } from '../../../model/attributed-order.ts';
import { ID_LENGTH_MAX } from '../../../model/field-checks.ts';
import {
  PERFORMANCE_GROUPS,
  queryPerformance,
  type PerformanceReport,
} from '../../../reporting/performance.ts';
import { advertiserScope } from '../../access/advertiser-scope.ts';
import { exactJson } from '../../exact-json.ts';
import { performanceReport } from '../../openapi/order-schemas.ts';
import {
  choiceParameter,
  countParameter,
  readParameters,
  textParameter,
  timeParameter,
} from '../../parameters.ts';
import { type Route, sendJson } from '../../route.ts';

const LIMIT_DEFAULT = 1000;

const QUERY = {
  from: timeParameter('Time of events and orders from which, inclusive. Default: 24 hours before "to".'),
  to: timeParameter('Time of events and orders until which, exclusive. Default: now.'),
  groupBy: choiceParameter('What a row stands for.', PERFORMANCE_GROUPS, 'ad'),
  model: {
    ...choiceParameter(
      'How orders are credited. Default: the first of attribution.models.',
      ATTRIBUTION_MODELS,
      'last_touch',
    ),
    schema: { type: 'string', enum: ATTRIBUTION_MODELS },
  },
  adId: textParameter('Only this ad.', 'ad-42', ID_LENGTH_MAX * 2),
  campaignId: textParameter('Only this campaign.', 'spring', ID_LENGTH_MAX * 2),
  advertiserId: textParameter('Only this advertiser.', 'acme', ID_LENGTH_MAX * 2),
  limit: countParameter('Most rows in the answer.', [1, 10_000], LIMIT_DEFAULT),
};

const REPORT: PerformanceReport = {
  groupBy: 'campaign',
  model: 'last_touch',
  rows: [
    {
      id: 'spring',
      currency: 'EUR',
      impressions: 2000,
      clicks: 40,
      costMicros: 10_000_000n,
      orders: 2,
      revenueMicros: 47_000_000n,
      cvr: 0.05,
      roas: 4.7,
    },
  ],
  found: 1,
  asOf: '2026-01-31T12:41:07.312Z',
};

export const getPerformance: Route = {
  method: 'GET',
  url: '/v1/performance',
  access: 'advertiser',
  operation: {
    id: 'getPerformance',
    tag: 'Figures',
    summary: 'What ads cost, and the orders that followed',
    description:
      'Clicks, cost, orders, attributed revenue, conversion rate (orders per click) and return on ad spend (revenue per ' +
      'cost) by ad, campaign or advertiser, and by currency. Ads count by the time of their events, orders by their own: in ' +
      'a short range, orders may be due to clicks before it. An order that several share counts once for each of them.',
    query: QUERY,
    answer: {
      about: 'Rows, most revenue first.',
      content: [
        {
          type: 'application/json',
          schema: performanceReport,
          example: JSON.parse(exactJson(REPORT)) as unknown,
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ region, spec, clock }) =>
    async (request, reply) => {
      const { models } = spec.attribution;
      const { groupBy = 'ad', model = models[0], ...given } = readParameters(request.query, QUERY);
      if (!models.includes(model)) {
        const configured = `attribution.models has ${models.join(', ')}`;
        throw new AdtallyError('bad_request', `No order is credited by ${model}: ${configured}.`);
      }
      const to = given.to ?? clock.now();
      const from = given.from ?? Math.max(0, to - DAY_MS);
      const { limit = LIMIT_DEFAULT } = given;
      const advertiserId = advertiserScope(request, given.advertiserId);
      const query = { ...given, advertiserId, from, to, groupBy, model, limit };
      const report = await queryPerformance(region, query, clock);
      return sendJson(reply, exactJson(report));
    },
};
