import { accessReport } from '../openapi/access-schemas.ts';
import { readParameters } from '../parameters.ts';
import { type PageContext, type Route, sendJson } from '../route.ts';

export const getAccess: Route<PageContext> = {
  method: 'GET',
  url: '/v1/access',
  access: 'page',
  operation: {
    id: 'getAccess',
    tag: 'Operation',
    summary: 'What the key may do, and what the server offers',
    description: 'For the page, which shows an advertiser less, and what is not offered not at all.',
    answer: {
      about: 'The role of the key, and what there is.',
      content: [
        {
          type: 'application/json',
          schema: accessReport,
          example: {
            role: 'advertiser',
            keyId: '5f0c21aa',
            advertiserId: 'acme',
            engine: 'embedded',
            offers: ['GET /v1/reports/figures'],
          },
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ engine, offers }) =>
    (request, reply) => {
      readParameters(request.query, {});
      const { caller } = request;
      const keyId = 'keyId' in caller ? caller.keyId : null;
      const advertiserId = 'advertiserId' in caller ? caller.advertiserId : null;
      return sendJson(reply, JSON.stringify({ role: caller.role, keyId, advertiserId, engine, offers }));
    },
};
