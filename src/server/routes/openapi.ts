import { z } from 'zod';
import { type ServingContext, type Route, sendJson } from '../route.ts';

export const getOpenApi: Route<ServingContext> = {
  method: 'GET',
  url: '/openapi.json',
  access: 'operator',
  operation: {
    id: 'getOpenApi',
    tag: 'Operation',
    summary: 'This description',
    description: 'OpenAPI 3.1; /docs shows it as pages.',
    answer: {
      about: 'The document.',
      content: [
        {
          type: 'application/json',
          schema: z.looseObject({ openapi: z.string() }),
          example: { openapi: '3.1.1' },
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ openApiJson }) =>
    (_request, reply) =>
      sendJson(reply, openApiJson),
};
