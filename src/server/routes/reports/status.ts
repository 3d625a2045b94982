import { AdtallyError } from '../../../base/errors.ts';
import type { Reports } from '../../../reporting/reports.ts';
import { reportsStatus } from '../../openapi/report-schemas.ts';
import { readParameters } from '../../parameters.ts';
import { sendJson, type ReportContext, type Route } from '../../route.ts';

export const getReportsStatus: Route = {
  method: 'GET',
  url: '/v1/reports/status',
  access: 'operator',
  operation: {
    id: 'getReportsStatus',
    tag: 'Operation',
    summary: 'How far the reporting store is',
    description: 'Whether it runs, and for each region and kind of record how far it has followed.',
    answer: {
      about: 'The state of the reporting store.',
      content: [
        {
          type: 'application/json',
          schema: reportsStatus,
          example: {
            state: 'running',
            error: null,
            restarts: 0,
            feeds: [
              {
                region: 'a',
                kind: 'ad-minutes',
                sink: 'reporting',
                caughtUp: true,
                lagMs: 0,
                records: 1200,
                pages: 31,
                asOf: 1_769_860_867_312,
                error: null,
                failures: 0,
                restarts: 0,
              },
            ],
          },
        },
      ],
    },
    errors: ['not_found'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    return sendJson(reply, JSON.stringify(await reportsOf(context).status()));
  },
};

/** The reporting store of this server. Throws AdtallyError not_found where it runs without. */
export function reportsOf({ reports }: ReportContext): Reports {
  const found = reports();
  if (found === undefined) throw new AdtallyError('not_found', 'This server runs without a reporting store.');
  return found;
}
