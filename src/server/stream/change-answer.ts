import type { FastifyReply, FastifyRequest } from 'fastify';
import { pause } from '../../base/pause.ts';
import type { ChangePage, Region } from '../../embedded/ports.ts';
import { expectedError, problemOf } from '../problem.ts';
import { EVENT_STREAM_TYPE, type ServerContext, sendJson } from '../route.ts';
import { answerEnd, waitForChange } from './change-wait.ts';
import { EventStream } from './event-stream.ts';

const HEARTBEAT_MS = 15_000;
/** Changes that come closer together than this go out as one page. */
const GATHER_MS = 10;

/** A feed of records that change. */
export interface Feed<R> {
  /** The name of its server-sent events. */
  readonly event: string;
  /** A page of it. Throws bad_cursor or cursor_expired. */
  readonly page: (region: Region, after: string | undefined, limit: number) => ChangePage<R>;
}

interface Position {
  readonly after: string | undefined;
  readonly limit: number;
}

/** Answers a request for changes: with a page, at once or when there is one, or with a stream of them. */
export async function answerChanges<R>(
  feed: Feed<R>,
  context: ServerContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { after, limit, waitMs }: Position & { readonly waitMs: number },
): Promise<unknown> {
  if (wantsStream(request)) {
    const lastEventId = request.headers['last-event-id'];
    const from = typeof lastEventId === 'string' ? lastEventId : after;
    return stream(feed, context, reply, { after: from, limit });
  }
  const ended = answerEnd(reply, context.stopping);
  const page = await nextPage(feed, context, { after, limit }, request.method === 'HEAD' ? 0 : waitMs, ended);
  return sendJson(reply, JSON.stringify(page));
}

function wantsStream(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes(EVENT_STREAM_TYPE);
}

/**
 * The page after the cursor; when it is empty, the one that a change within `waitMs` makes. Whoever waits gets what comes within
 * a moment in one page: under load a record changes many times a moment, and one of them will do.
 */
async function nextPage<R>(
  feed: Feed<R>,
  context: ServerContext,
  { after, limit }: Position,
  waitMs: number,
  ended: AbortSignal,
): Promise<ChangePage<R>> {
  const { region, clock } = context;
  const deadlineMs = clock.monotonicMs() + waitMs;
  if (waitMs > GATHER_MS) await gather(context);
  while (true) {
    const page = feed.page(region, after, limit);
    const leftMs = deadlineMs - clock.monotonicMs();
    if (page.records.length > 0 || leftMs <= 0) return page;
    if ((await waitForChange(context, leftMs, ended)) === 'ended') return page;
  }
}

async function stream<R>(
  feed: Feed<R>,
  context: ServerContext,
  reply: FastifyReply,
  position: Position,
): Promise<void> {
  // Before the headers leave: a bad cursor is a plain answer.
  let page = feed.page(context.region, position.after, position.limit);
  const ended = answerEnd(reply, context.stopping);
  const events = new EventStream(reply, ended);
  if (reply.request.method === 'HEAD') return events.end();
  try {
    await sendPage(feed, events, page);
    while (events.open) {
      if (page.caughtUp) await rest(context, events, ended);
      if (!events.open) return;
      page = feed.page(context.region, page.cursor, position.limit);
      if (page.records.length > 0) await sendPage(feed, events, page);
    }
  } catch (error) {
    const problem = problemOf(expectedError(error, reply.request.id), reply.request.id);
    await events.send({ event: 'problem', data: JSON.stringify(problem) });
    events.end();
  }
}

function sendPage<R>(feed: Feed<R>, events: EventStream, page: ChangePage<R>): Promise<void> {
  return events.send({ event: feed.event, id: page.cursor, data: JSON.stringify(page) });
}

/** Waits for the next change, with signs of life. */
async function rest(context: ServerContext, events: EventStream, ended: AbortSignal): Promise<void> {
  while ((await waitForChange(context, HEARTBEAT_MS, ended)) === 'timeout') await events.heartbeat();
  await gather(context);
}

function gather({ clock }: ServerContext): Promise<void> {
  return pause(clock, GATHER_MS);
}
