import { DAY_MS } from '../../../base/units.ts';
import { ID_LENGTH_MAX } from '../../../model/field-checks.ts';
import { type AdMinuteReport, queryAdMinutes } from '../../../reporting/ad-minutes.ts';
import { GRANULARITIES } from '../../../reporting/time-buckets.ts';
import { advertiserScope } from '../../access/advertiser-scope.ts';
import { adMinuteReport } from '../../openapi/schemas.ts';
import { choiceParameter, readParameters, textParameter, timeParameter } from '../../parameters.ts';
import { type Route, sendJson } from '../../route.ts';

const QUERY = {
  adId: textParameter('Only this ad.', 'ad-42', ID_LENGTH_MAX * 2),
  campaignId: textParameter('Only this campaign.', 'spring', ID_LENGTH_MAX * 2),
  advertiserId: textParameter('Only this advertiser.', 'acme', ID_LENGTH_MAX * 2),
  currency: textParameter('Only costs in this currency.', 'EUR', 3),
  from: timeParameter('Event time from which, inclusive. Default: 24 hours before "to".'),
  to: timeParameter('Event time until which, exclusive. Default: now.'),
  granularity: choiceParameter('Length of the buckets.', GRANULARITIES, 'hour'),
  timezone: textParameter('IANA time zone whose clock cuts the buckets. Default: UTC.', 'Europe/Paris', 64),
};

const REPORT: AdMinuteReport = {
  rows: [
    {
      start: '2026-01-31T13:00:00+01:00',
      adId: 'ad-42',
      campaignId: 'spring',
      advertiserId: 'acme',
      currency: 'EUR',
      impressions: 200,
      clicks: 3,
      costMicros: 750_000,
      ctr: 0.015,
    },
  ],
  totals: { impressions: 200, clicks: 3, costMicros: { EUR: 750_000 }, ctr: 0.015 },
  asOf: '2026-01-31T12:41:07.312Z',
};

export const getAdMinutes: Route = {
  method: 'GET',
  url: '/v1/ad-minutes',
  access: 'advertiser',
  operation: {
    id: 'getAdMinutes',
    tag: 'Figures',
    summary: 'Figures of ads over time',
    description:
      'Impressions, clicks, cost and click-through rate per ad, bucket of event time and currency, with totals. Days follow ' +
      'the clock of the time zone: one on which it changes has 23 or 25 hours. Money is never rounded.',
    query: QUERY,
    answer: {
      about: 'Rows by start and ad; buckets without events have none.',
      content: [{ type: 'application/json', schema: adMinuteReport, example: REPORT }],
    },
    errors: ['sum_out_of_range'],
  },
  handler:
    ({ region, clock }) =>
    async (request, reply) => {
      const { granularity = 'hour', timezone = 'UTC', ...given } = readParameters(request.query, QUERY);
      const to = given.to ?? clock.now();
      const from = given.from ?? Math.max(0, to - DAY_MS);
      const advertiserId = advertiserScope(request, given.advertiserId);
      const query = { ...given, advertiserId, from, to, granularity, timezone };
      const report = await queryAdMinutes(region, query, clock);
      return sendJson(reply, JSON.stringify(report));
    },
};
