import { ID_LENGTH_MAX } from '../../model/field-checks.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import { AdtallyError } from '../../base/errors.ts';
import { touchList } from '../openapi/schemas.ts';
import { countParameter, readParameters, textParameter, timeParameter } from '../parameters.ts';
import { sendJson, type Route, type TouchContext } from '../route.ts';

const LIMIT_DEFAULT = 100;

const QUERY = {
  userId: textParameter('The user; required.', 'user-1', ID_LENGTH_MAX * 2),
  from: timeParameter('Only touches with this event time or a later one.'),
  to: timeParameter('Only touches with this event time or an earlier one.'),
  limit: countParameter('Most touches in the answer.', [1, 10_000], LIMIT_DEFAULT),
};

const LIST = {
  touches: [
    {
      eventId: '0195f3a0-0000-7000-8000-00000000abcd',
      eventType: 'click',
      eventTime: 1_769_860_800_000,
      adId: 'ad-1',
      campaignId: 'campaign-2',
      advertiserId: 'advertiser-3',
      merchantId: null,
      region: 'a',
    },
  ],
  found: 1,
};

export const getTouches: Route<TouchContext> = {
  method: 'GET',
  url: '/v1/touches',
  access: 'operator',
  operation: {
    id: 'getTouches',
    tag: 'Books',
    summary: 'The counted events of a user',
    description: 'Newest first, as far back as an order may be attributed.',
    query: QUERY,
    answer: {
      about: 'The touches, and how many there are in all.',
      content: [{ type: 'application/json', schema: touchList, example: LIST }],
    },
    errors: [],
  },
  handler:
    ({ touches }) =>
    async (request, reply) => {
      const {
        userId,
        from = 0,
        to = LAST_UNIX_MS,
        limit = LIMIT_DEFAULT,
      } = readParameters(request.query, QUERY);
      if (userId === undefined) throw new AdtallyError('bad_request', 'userId is missing.');
      if (touches === undefined)
        throw new AdtallyError('not_found', 'This gateway was not told where touches are (--postgres).');
      return sendJson(reply, JSON.stringify(await touches.newest({ userId, from, to, limit })));
    },
};
