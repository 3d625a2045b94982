import type { ZodType } from 'zod';
import type { ChangePage } from '../../embedded/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { AttributedOrder } from '../../model/attributed-order.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';
import { ATTRIBUTED_ORDER, orderChangePage } from '../openapi/order-schemas.ts';
import { changePage } from '../openapi/schemas.ts';
import { countParameter, readParameters, textParameter } from '../parameters.ts';
import { EVENT_STREAM_TYPE, type Route } from '../route.ts';
import { answerChanges, type Feed } from '../stream/change-answer.ts';

const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 1000;
const WAIT_MS_MAX = 60_000;

const QUERY = {
  after: textParameter('The cursor of the last page; without it, from the beginning.', 'a.42', 200),
  limit: countParameter('Most records in a page.', [1, LIMIT_MAX], LIMIT_DEFAULT),
  waitMs: countParameter('How long to wait for a change when there is none yet, ms.', [0, WAIT_MS_MAX], 0),
};

const HEADERS = {
  'Last-Event-ID': textParameter(
    'For event streams: the cursor to go on from, instead of "after".',
    'a.42',
    200,
  ),
};

const END = {
  cursor: 'a.42',
  caughtUp: true,
  asOf: 1_769_860_867_312,
  finalBefore: 1_769_774_460_000,
};

const PAGE: ChangePage<AdMinute> = {
  records: [
    {
      recordId: adMinuteRecordId('a', 'ad-42', 1_769_860_800_000, 'EUR'),
      revision: 3,
      region: 'a',
      adId: 'ad-42',
      campaignId: 'spring',
      advertiserId: 'acme',
      minute: 1_769_860_800_000,
      currency: 'EUR',
      impressions: 2,
      clicks: 1,
      costMicros: 250_000,
    },
  ],
  ...END,
};

/** What tells one feed from another. */
interface FeedRoute<R> extends Feed<R> {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly schema: ZodType;
  readonly example: ChangePage<R>;
}

function feedRoute<R>(feed: FeedRoute<R>): Route {
  const { event, id, summary, description, schema, example } = feed;
  const streamed = `id: ${example.cursor}\nevent: ${event}\ndata: ${JSON.stringify(example)}\n\n`;
  return {
    method: 'GET',
    url: `/v1/changes/${event}`,
    access: 'operator',
    operation: {
      id,
      tag: 'Figures',
      summary,
      description,
      query: QUERY,
      headers: HEADERS,
      answer: {
        about: 'A page of changes.',
        content: [
          { type: 'application/json', schema, example },
          { type: EVENT_STREAM_TYPE, schema, example: streamed },
        ],
      },
      errors: ['bad_cursor', 'cursor_expired'],
    },
    handler: (context) => (request, reply) => {
      const { after, limit = LIMIT_DEFAULT, waitMs = 0 } = readParameters(request.query, QUERY);
      return answerChanges(feed, context, { request, reply }, { after, limit, waitMs });
    },
  };
}

export const getAdMinuteChanges = feedRoute<AdMinute>({
  event: 'ad-minutes',
  page: (region, after, limit) => region.changedAdMinutes(after, limit),
  id: 'getAdMinuteChanges',
  summary: 'Follow the ad minutes as they change',
  description:
    'The latest revision of each ad minute changed after a cursor. Records are totals, never deltas, and any may come ' +
    'again: write them with upsert by recordId, where the higher revision wins. Keep the cursor in the same transaction. ' +
    'With "Accept: text/event-stream" pages come as server-sent events ("event: ad-minutes", the cursor as id) as long as ' +
    'the client listens.',

  schema: changePage,
  example: PAGE,
});

export const getOrderChanges = feedRoute<AttributedOrder>({
  event: 'attributed-orders',
  page: (region, after, limit) => region.changedOrders(after, limit),
  id: 'getOrderChanges',
  summary: 'Follow the attributed orders as they change',
  description:
    'As /v1/changes/ad-minutes: the latest revision of each record changed after a cursor, one record per order, model and ' +
    'rank. A touch that loses its credit leaves a record with creditMicros 0.',

  schema: orderChangePage,
  example: { records: [ATTRIBUTED_ORDER], ...END },
});
