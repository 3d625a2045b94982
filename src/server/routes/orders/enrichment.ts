import { z } from 'zod';
import { count, SCHEMAS } from '../../openapi/schemas.ts';
import { readParameters } from '../../parameters.ts';
import { type Route, sendJson } from '../../route.ts';
import { asOperator } from '../../trail/operator-action.ts';

const retryAnswer = z
  .strictObject({ retried: count.describe('Orders that are asked for again.') })
  .register(SCHEMAS, { id: 'EnrichmentRetry' });

export const postEnrichmentRetry: Route = {
  method: 'POST',
  url: '/v1/enrichment/retry',
  access: 'operator',
  operation: {
    id: 'postEnrichmentRetry',
    tag: 'Operation',
    summary: 'Ask the order service again for unavailable details',
    description:
      'Orders whose details are unavailable are pending again, with a new deadline; those that rest after failures are asked ' +
      'for at once. There is no body.',
    answer: {
      about: 'How many orders were unavailable.',
      content: [{ type: 'application/json', schema: retryAnswer, example: { retried: 3 } }],
    },
    errors: ['overloaded', 'stopping', 'disk_failed'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const asked = { action: 'enrichment.retry', subject: 'unavailable orders' };
    const retried = await asOperator(context, request, asked, () => context.region.retryEnrichment());
    context.retryEnrichment();
    return sendJson(reply, JSON.stringify({ retried }));
  },
};
