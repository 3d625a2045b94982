import { AdtallyError } from '../../base/errors.ts';
import { noOrderVerdicts } from '../../model/order-receipt.ts';
import { exactJson } from '../exact-json.ts';
import { trailPage } from '../openapi/access-schemas.ts';
import { auditReport } from '../openapi/schemas.ts';
import { countParameter, readParameters, textParameter } from '../parameters.ts';
import type { TrailPage } from '../trail/audit-trail.ts';
import { type Route, sendJson } from '../route.ts';

const ORDER_VERDICTS = { ...noOrderVerdicts(), accepted: 2 };
const VERDICTS = { counted: 3, duplicate: 1, conflict: 0, late: 0, future: 0, invalid: 1 };
const SUMS = { records: 2, impressions: 2, clicks: 1, costMicros: 250_000 };
const NO_SUMS = { records: 0, impressions: 0, clicks: 0, costMicros: 0 };
const NO_VERDICTS = { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 };

export const getAudit: Route = {
  method: 'GET',
  url: '/v1/audit',
  access: 'operator',
  operation: {
    id: 'getAudit',
    tag: 'Books',
    summary: 'Prove that nothing vanished',
    description:
      'received = counted + duplicate + conflict + late + future + invalid, in all and per minute of arrival; and the records, ' +
      'summed again now, against what was counted; and the versions of orders received, against their verdicts, in all and per minute. "adtally audit" goes further: it recounts the raw log.',
    answer: {
      about: 'The books of the region; "balanced" says whether they agree.',
      content: [
        {
          type: 'application/json',
          schema: auditReport,
          example: {
            balanced: true,
            received: 5,
            verdicts: VERDICTS,
            minutes: [{ minute: 1_769_860_800_000, received: 5, verdicts: VERDICTS }],
            earlier: { received: 0, verdicts: NO_VERDICTS },
            cells: SUMS,
            retiredCells: NO_SUMS,
            counted: SUMS,
            yielded: NO_SUMS,
            orders: {
              balanced: true,
              received: 2,
              verdicts: ORDER_VERDICTS,
              minutes: [{ minute: 1_769_860_800_000, received: 2, verdicts: ORDER_VERDICTS }],
              earlier: { received: 0, verdicts: noOrderVerdicts() },
            },
            differences: [],
          },
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ region }) =>
    (request, reply) => {
      readParameters(request.query, {});
      return sendJson(reply, exactJson(region.audit()));
    },
};

const TRAIL_LIMIT_DEFAULT = 100;

const TRAIL_QUERY = {
  limit: countParameter('Most entries in the answer.', [1, 1000], TRAIL_LIMIT_DEFAULT),
  before: textParameter('Only entries older than the one with this id: the next page.', 'b3JkZXJz', 64),
};

const TRAIL: TrailPage = {
  entries: [
    {
      id: 'b3JkZXJz',
      time: 1_769_860_800_000,
      role: 'operator',
      keyId: '5f0c21aa',
      requestId: 'k3x9-1f',
      action: 'campaign.put',
      subject: 'spring',
      endedAt: 1_769_860_800_004,
      outcome: 'done',
    },
  ],
  next: null,
  unreadableLines: 0,
};

export const getAuditTrail: Route = {
  method: 'GET',
  url: '/v1/audit/trail',
  access: 'operator',
  operation: {
    id: 'getAuditTrail',
    tag: 'Books',
    summary: 'What operators did',
    description:
      'Keys made and revoked, campaigns set, replays and the like: who, when, to what, and how it ended. An action without an ' +
      'outcome is under way, or the process ended in the middle of it.',
    query: TRAIL_QUERY,
    answer: {
      about: 'Actions, newest first.',
      content: [{ type: 'application/json', schema: trailPage, example: TRAIL }],
    },
    errors: ['not_found', 'bad_cursor'],
  },
  handler:
    ({ trail }) =>
    (request, reply) => {
      const { limit = TRAIL_LIMIT_DEFAULT, before } = readParameters(request.query, TRAIL_QUERY);
      if (trail === undefined) throw new AdtallyError('not_found', 'This server keeps no trail.');
      return sendJson(reply, JSON.stringify(trail.page(limit, before)));
    },
};
