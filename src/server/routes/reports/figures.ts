import { DAY_MS } from '../../../base/units.ts';
import { ATTRIBUTION_MODELS } from '../../../model/attributed-order.ts';
import { ID_LENGTH_MAX } from '../../../model/field-checks.ts';
import { FIGURE_GROUPS, FIGURE_ORDERS, type FiguresFilter } from '../../../reporting/figures.ts';
import { REPORT_FORMATS } from '../../../reporting/reports.ts';
import { GRANULARITIES } from '../../../reporting/time-buckets.ts';
import { advertiserScope } from '../../access/advertiser-scope.ts';
import { figuresReport, reportLines } from '../../openapi/report-schemas.ts';
import {
  choiceParameter,
  countParameter,
  readParameters,
  textParameter,
  timeParameter,
  type Values,
} from '../../parameters.ts';
import { sendJson, type ReportContext, type Route } from '../../route.ts';
import { reportsOf } from './status.ts';

const LIMIT_DEFAULT = 1000;
const LIMIT_MAX = 50_000;
const CSV_TYPE = 'text/csv';

const only = (what: string, example: string): ReturnType<typeof textParameter> =>
  textParameter(`Only this ${what}.`, example, ID_LENGTH_MAX * 2);

const FILTER = {
  adId: only('ad', 'ad-42'),
  campaignId: only('campaign', 'spring'),
  advertiserId: only('advertiser', 'acme'),
  merchantId: only('merchant, by what campaigns say', 'shop-7'),
  placement: only('placement, by what campaigns say', 'search-top'),
  currency: only('currency', 'EUR'),
};

const QUERY = {
  by: choiceParameter('What a row stands for.', FIGURE_GROUPS, 'ad'),
  granularity: choiceParameter(
    'Buckets of time; "range" is one from "from" to "to".',
    ['range', ...GRANULARITIES] as const,
    'range',
  ),
  timezone: textParameter('IANA time zone whose clock cuts the buckets. Default: UTC.', 'Europe/Paris', 100),
  from: timeParameter('Time of events and orders from which, inclusive. Default: 24 hours before "to".'),
  to: timeParameter('Time of events and orders until which, exclusive. Default: now.'),
  ...FILTER,
  model: {
    ...choiceParameter(
      'How orders are credited. Default: the first of attribution.models.',
      ATTRIBUTION_MODELS,
      'last_touch',
    ),
    schema: { type: 'string', enum: ATTRIBUTION_MODELS },
  },
  compare: {
    ...choiceParameter(
      '"previous" adds the figures of the period before, which is as long, and the change.',
      ['previous'] as const,
      'previous',
    ),
    schema: { type: 'string', enum: ['previous'] },
  },
  order: {
    ...choiceParameter(
      'By time, or the largest first. Default: start, and costMicros for one bucket.',
      FIGURE_ORDERS,
      'start',
    ),
    schema: { type: 'string', enum: FIGURE_ORDERS },
  },
  limit: countParameter('Most rows in the answer.', [1, LIMIT_MAX], LIMIT_DEFAULT),
  format: choiceParameter('How the report is written.', REPORT_FORMATS, 'json'),
};

const FIGURES = {
  impressions: 2000,
  clicks: 40,
  ctr: 0.02,
  costMicros: 10_000_000,
  cpcMicros: 250_000,
  cpmMicros: 5_000_000,
  orders: 2,
  cvr: 0.05,
  revenueMicros: 47_000_000,
  roas: 4.7,
};

const REPORT = {
  by: 'campaign',
  granularity: 'day',
  timezone: 'Europe/Paris',
  model: 'last_touch',
  from: '2026-01-30T00:00:00+01:00',
  to: '2026-01-31T00:00:00+01:00',
  rows: [{ start: '2026-01-30T00:00:00+01:00', id: 'spring', currency: 'EUR', ...FIGURES, final: false }],
  found: 1,
  asOf: '2026-01-31T12:41:07.312Z',
  regions: [{ region: 'a', asOf: '2026-01-31T12:41:07.312Z', lagMs: 0 }],
};

export const getFigures: Route<ReportContext> = {
  method: 'GET',
  url: '/v1/reports/figures',
  access: 'advertiser',
  operation: {
    id: 'getFigures',
    tag: 'Figures',
    summary: 'What ads cost and brought, in all regions',
    description:
      'From the reporting store, which follows the records of every region within about a second. One row for each group, bucket ' +
      'and currency with anything in it. Ads count by the minute of their events, orders by their own time; an order that several ' +
      'share counts once for each of them. A row is final once no event that is accepted later can change it; a later version ' +
      'of an order, such as a refund, still can. In CSV, texts that a spreadsheet would take for a formula begin with a quote.',
    query: QUERY,
    answer: {
      about: 'The report.',
      content: [
        { type: 'application/json', schema: figuresReport, example: REPORT },
        { type: CSV_TYPE, schema: reportLines, example: 'start,campaignId,currency,impressions,…' },
      ],
    },
    errors: ['not_found', 'overloaded', 'capacity', 'reporting_unavailable'],
  },
  handler: (context) => async (request, reply) => {
    const { spec, clock } = context;
    const given = readParameters(request.query, QUERY);
    const advertiserId = advertiserScope(request, given.advertiserId);
    const {
      by = 'ad',
      granularity = 'range',
      timezone = 'UTC',
      format = 'json',
      limit = LIMIT_DEFAULT,
    } = given;
    const to = given.to ?? clock.now();
    const query = {
      by,
      granularity,
      timezone,
      from: given.from ?? Math.max(0, to - DAY_MS),
      to,
      filter: filterOf({ ...given, advertiserId }),
      model: given.model ?? spec.attribution.models[0],
      comparesPrevious: given.compare === 'previous',
      order: given.order ?? (granularity === 'range' ? 'costMicros' : 'start'),
      limit,
    };
    const text = await reportsOf(context).figures(query, format);
    if (format === 'json') return sendJson(reply, text);
    return reply
      .header('content-type', `${CSV_TYPE}; charset=utf-8`)
      .header('content-disposition', 'attachment; filename="figures.csv"')
      .send(text);
  },
};

function filterOf(given: Values<typeof FILTER>): FiguresFilter {
  const { adId, campaignId, advertiserId, merchantId, placement, currency } = given;
  return { adId, campaignId, advertiserId, merchantId, placement, currency };
}
