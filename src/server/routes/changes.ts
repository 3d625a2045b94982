import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChangePage } from '../../embedded/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';
import { changePage } from '../openapi/schemas.ts';
import { countParameter, readParameters, textParameter } from '../parameters.ts';
import { expectedError, problemOf } from '../problem.ts';
import { EVENT_STREAM_TYPE, type Route, type ServerContext, sendJson } from '../route.ts';
import { answerEnd, waitForChange } from '../stream/change-wait.ts';
import { EventStream } from '../stream/event-stream.ts';

const LIMIT_MAX = 10_000;
const LIMIT_DEFAULT = 1000;
const WAIT_MS_MAX = 60_000;
const HEARTBEAT_MS = 15_000;
/** Changes that come closer together than this go out as one page. */
const GATHER_MS = 10;

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
  cursor: 'a.42',
  caughtUp: true,
};

interface Position {
  readonly after: string | undefined;
  readonly limit: number;
}

export const getAdMinuteChanges: Route = {
  method: 'GET',
  url: '/v1/changes/ad-minutes',
  access: 'operator',
  operation: {
    id: 'getAdMinuteChanges',
    tag: 'Figures',
    summary: 'Follow the ad minutes as they change',
    description:
      'The latest revision of each ad minute changed after a cursor. Records are totals, never deltas, and any may come ' +
      'again: write them with upsert by recordId, where the higher revision wins. Keep the cursor in the same transaction. ' +
      'With "Accept: text/event-stream" pages come as server-sent events ("event: ad-minutes", the cursor as id) as long as ' +
      'the client listens.',
    query: QUERY,
    headers: HEADERS,
    answer: {
      about: 'A page of changes.',
      content: [
        { type: 'application/json', schema: changePage, example: PAGE },
        {
          type: EVENT_STREAM_TYPE,
          schema: changePage,
          example: `id: a.42\nevent: ad-minutes\ndata: ${JSON.stringify(PAGE)}\n\n`,
        },
      ],
    },
    errors: ['bad_cursor', 'cursor_expired'],
  },
  handler: (context) => async (request, reply) => {
    const { after, limit = LIMIT_DEFAULT, waitMs = 0 } = readParameters(request.query, QUERY);
    if (wantsStream(request)) {
      const lastEventId = request.headers['last-event-id'];
      return stream(context, reply, { after: typeof lastEventId === 'string' ? lastEventId : after, limit });
    }
    const ended = answerEnd(reply, context.stopping);
    const page = await nextPage(context, { after, limit }, request.method === 'HEAD' ? 0 : waitMs, ended);
    return sendJson(reply, JSON.stringify(page));
  },
};

function wantsStream(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes(EVENT_STREAM_TYPE);
}

/**
 * The page after the cursor; when it is empty, the one that a change within `waitMs` makes. Whoever waits gets what comes within
 * a moment in one page: under load a record changes many times a moment, and one of them will do.
 */
async function nextPage(
  context: ServerContext,
  { after, limit }: Position,
  waitMs: number,
  ended: AbortSignal,
): Promise<ChangePage<AdMinute>> {
  const { region, clock } = context;
  const deadlineMs = clock.monotonicMs() + waitMs;
  if (waitMs > GATHER_MS) await gather(context);
  while (true) {
    const page = region.changedAdMinutes(after, limit);
    const leftMs = deadlineMs - clock.monotonicMs();
    if (page.records.length > 0 || leftMs <= 0) return page;
    if ((await waitForChange(context, leftMs, ended)) === 'ended') return page;
  }
}

async function stream(context: ServerContext, reply: FastifyReply, position: Position): Promise<void> {
  // Before the headers leave: a bad cursor is a plain answer.
  let page = context.region.changedAdMinutes(position.after, position.limit);
  const ended = answerEnd(reply, context.stopping);
  const events = new EventStream(reply, ended);
  if (reply.request.method === 'HEAD') return events.end();
  try {
    await sendPage(events, page);
    while (events.open) {
      if (page.caughtUp) await rest(context, events, ended);
      if (!events.open) return;
      page = context.region.changedAdMinutes(page.cursor, position.limit);
      if (page.records.length > 0) await sendPage(events, page);
    }
  } catch (error) {
    const problem = problemOf(expectedError(error, reply.request.id), reply.request.id);
    await events.send({ event: 'problem', data: JSON.stringify(problem) });
    events.end();
  }
}

function sendPage(events: EventStream, page: ChangePage<AdMinute>): Promise<void> {
  return events.send({ event: 'ad-minutes', id: page.cursor, data: JSON.stringify(page) });
}

/** Waits for the next change, with signs of life. */
async function rest(context: ServerContext, events: EventStream, ended: AbortSignal): Promise<void> {
  while ((await waitForChange(context, HEARTBEAT_MS, ended)) === 'timeout') await events.heartbeat();
  await gather(context);
}

function gather({ clock }: ServerContext): Promise<void> {
  return new Promise((resolve) => void clock.after(GATHER_MS, resolve));
}
