import type { FastifyRequest } from 'fastify';
import { AdtallyError } from '../../../base/errors.ts';
import { KIB } from '../../../base/units.ts';
import type { BudgetDesk } from '../../../budget/budget-desk.ts';
import type { Campaign, CampaignInput } from '../../../budget/campaign.ts';
import { ID_LENGTH_MAX } from '../../../model/field-checks.ts';
import { formatTime } from '../../../model/event-time.ts';
import { advertiserScope } from '../../access/advertiser-scope.ts';
import { campaign, campaignChangePage, campaignInput, campaignList } from '../../openapi/budget-schemas.ts';
import { countParameter, readParameter, readParameters, textParameter } from '../../parameters.ts';
import { type BudgetContext, type Route, sendJson } from '../../route.ts';
import { asOperator } from '../../trail/operator-action.ts';

const LIMIT_DEFAULT = 100;
const BODY_BYTES_MAX = 64 * KIB;

/** Code points count, and one may take two UTF-16 units. */
export const CAMPAIGN_PATH = {
  campaignId: textParameter('Id of the campaign, as in its events.', 'spring', 2 * ID_LENGTH_MAX),
};

const QUERY = {
  limit: countParameter('Most campaigns in the answer.', [1, 1000], LIMIT_DEFAULT),
  after: textParameter('Only campaigns with a greater id: the next page.', 'spring', 2 * ID_LENGTH_MAX),
};

const INPUT = {
  advertiserId: 'acme',
  currency: 'EUR',
  dailyBudgetMicros: 250_000_000,
  timezone: 'Europe/Paris',
  start: '2026-01-31T00:00:00+01:00',
  end: null,
  isPaused: false,
  merchantId: 'shop-7',
  placement: 'search',
};
const EXAMPLE = {
  campaignId: 'spring',
  ...INPUT,
  start: '2026-01-30T23:00:00.000Z',
  updatedAt: '2026-01-29T09:30:00.000Z',
  updatedBy: 'a',
};

const CHANGES_QUERY = {
  after: textParameter('The cursor of the last page; without it, from the beginning.', '8c5d.42', 200),
  limit: countParameter('Most campaigns in a page.', [1, 1000], LIMIT_DEFAULT),
};

export const putCampaign: Route<BudgetContext> = {
  method: 'PUT',
  url: '/v1/campaigns/:campaignId',
  access: 'operator',
  operation: {
    id: 'putCampaign',
    tag: 'Budgets',
    summary: 'Set a campaign',
    description:
      'All of it: what is left out gets its default. The other region takes it over within seconds; of two that were set in both, ' +
      'the later one stays. What its events have cost before it was set counts as well. Another time ' +
      'zone sums the same spend by other days.',
    path: CAMPAIGN_PATH,
    body: {
      about: () => 'The campaign, at most 64 KiB.',
      content: [{ type: 'application/json', schema: campaignInput, example: INPUT }],
    },
    answer: {
      about: 'The campaign as it is now.',
      content: [{ type: 'application/json', schema: campaign, example: EXAMPLE }],
    },
    errors: [
      'bad_campaign',
      'request_timeout',
      'too_large',
      'unsupported_media_type',
      'overloaded',
      'capacity',
      'disk_failed',
    ],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const campaignId = campaignIdOf(request);
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') {
      throw new AdtallyError('unsupported_media_type', 'A campaign is set with application/json.');
    }
    const { book } = budgetOf(context);
    const input = await context.intake.take(request.raw, reply.raw, (bytes) => Promise.resolve(parse(bytes)));
    const put = await asOperator(context, request, { action: 'campaign.put', subject: campaignId }, () =>
      book.putCampaign(campaignId, input, context.clock.now()),
    );
    return sendJson(reply, JSON.stringify(wireCampaign(put)));
  },
};

export const getCampaign: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/campaigns/:campaignId',
  access: 'advertiser',
  operation: {
    id: 'getCampaign',
    tag: 'Budgets',
    summary: 'A campaign',
    description: 'As it was last set.',
    path: CAMPAIGN_PATH,
    answer: {
      about: 'The campaign.',
      content: [{ type: 'application/json', schema: campaign, example: EXAMPLE }],
    },
    errors: ['unknown_campaign'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const found = await budgetOf(context).book.campaign(campaignIdOf(request), advertiserScope(request));
    return sendJson(reply, JSON.stringify(wireCampaign(found)));
  },
};

export const getCampaigns: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/campaigns',
  access: 'advertiser-or-peer',
  operation: {
    id: 'getCampaigns',
    tag: 'Budgets',
    summary: 'List the campaigns',
    description: 'Those that were set, by id.',
    query: QUERY,
    answer: {
      about: 'A page of campaigns.',
      content: [
        { type: 'application/json', schema: campaignList, example: { campaigns: [EXAMPLE], next: null } },
      ],
    },
    errors: [],
  },
  handler: (context) => async (request, reply) => {
    const { limit = LIMIT_DEFAULT, after } = readParameters(request.query, QUERY);
    const found = await budgetOf(context).book.campaigns(limit + 1, after, advertiserScope(request));
    const campaigns = found.slice(0, limit).map(wireCampaign);
    const next = found.length > limit ? campaigns.at(-1)!.campaignId : null;
    return sendJson(reply, JSON.stringify({ campaigns, next }));
  },
};

export const getCampaignChanges: Route = {
  method: 'GET',
  url: '/v1/changes/campaigns',
  access: 'peer',
  operation: {
    id: 'getCampaignChanges',
    tag: 'Budgets',
    summary: 'Follow the campaigns as they are set',
    description:
      'Campaigns set here or taken over from the other region after a cursor, each as it is now. The other region reads this every ' +
      'few seconds. Of two versions of a campaign the one with the later updatedAt stays; of two of the same time the one whose ' +
      'updatedBy is greater.',
    query: CHANGES_QUERY,
    answer: {
      about: 'A page of campaigns.',
      content: [
        {
          type: 'application/json',
          schema: campaignChangePage,
          example: { campaigns: [EXAMPLE], cursor: '8c5d.42', caughtUp: true },
        },
      ],
    },
    errors: ['bad_cursor'],
  },
  handler: (context) => (request, reply) => {
    const { after, limit = LIMIT_DEFAULT } = readParameters(request.query, CHANGES_QUERY);
    const { campaigns, cursor, caughtUp } = budgetOf(context).book.changedCampaigns(after, limit);
    return sendJson(reply, JSON.stringify({ campaigns: campaigns.map(wireCampaign), cursor, caughtUp }));
  },
};

/** The budgets of this server. Throws AdtallyError not_found where it runs without. */
export function budgetOf<Desk extends BudgetDesk>({ budget }: { readonly budget: Desk | undefined }): Desk {
  if (budget !== undefined) return budget;
  throw new AdtallyError('not_found', 'This region runs without budgets (budget.enabled is "no").');
}

export function campaignIdOf(request: FastifyRequest): string {
  const { campaignId } = request.params as { campaignId: string };
  return readParameter('campaignId', campaignId, CAMPAIGN_PATH.campaignId);
}

/** Times are RFC 3339 outside. */
interface WireCampaign extends Omit<Campaign, 'start' | 'end' | 'updatedAt'> {
  readonly start: string;
  readonly end: string | null;
  readonly updatedAt: string;
}

function wireCampaign(given: Campaign): WireCampaign {
  const { start, end, updatedAt } = given;
  const times = { start: formatTime(start), end: end === null ? null : formatTime(end) };
  return { ...given, ...times, updatedAt: formatTime(updatedAt) };
}

function parse(bytes: Uint8Array): CampaignInput {
  if (bytes.length > BODY_BYTES_MAX) throw new AdtallyError('too_large', 'A campaign is at most 64 KiB.');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new AdtallyError('bad_campaign', 'The body is not valid JSON.');
  }
  const reading = campaignInput.safeParse(value);
  if (reading.success) return reading.data;
  const issue = reading.error.issues[0];
  throw new AdtallyError('bad_campaign', `${issue.path.join('.') || 'The body'}: ${issue.message}.`);
}
