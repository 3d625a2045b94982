import { z } from 'zod';
import type { ServingContext, Route } from '../route.ts';

export const getMetrics: Route<ServingContext> = {
  method: 'GET',
  url: '/metrics',
  access: 'operator',
  operation: {
    id: 'getMetrics',
    tag: 'Operation',
    summary: 'Metrics for Prometheus',
    description: 'Names begin with adtally_; docs/reference/metrics.md explains them.',
    answer: {
      about: 'Prometheus text.',
      content: [
        {
          type: 'text/plain',
          schema: z.string(),
          example: '# TYPE adtally_events_total counter\nadtally_events_total{verdict="counted"} 3\n',
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ metrics }) =>
    async (_request, reply) =>
      reply.header('content-type', metrics.contentType).send(await metrics.render()),
};
